"""Just enough of ITU-T H.264 to know where a slice header ends (clauses 7.3.2.1, 7.3.2.2, 7.3.3)."""

HIGH_PROFILES = (100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135)


class BitReader:
    """Reads the RBSP of a NAL unit: skips emulation prevention bytes and counts them."""

    def __init__(self, nal):
        self.rbsp = bytearray()
        self.raw_offset = []
        zeros = 0
        for offset, byte in enumerate(nal):
            if zeros >= 2 and byte == 3:
                zeros = 0
                continue
            zeros = zeros + 1 if byte == 0 else 0
            self.rbsp.append(byte)
            self.raw_offset.append(offset)
        self.bit = 0

    def u(self, count):
        value = 0
        for _ in range(count):
            value = value << 1 | (self.rbsp[self.bit >> 3] >> (7 - (self.bit & 7))) & 1
            self.bit += 1
        return value

    def ue(self):
        zeros = 0
        while self.u(1) == 0:
            zeros += 1
        return (1 << zeros) - 1 + self.u(zeros)

    def se(self):
        value = self.ue()
        return (value + 1) // 2 if value & 1 else -(value // 2)

    def bytes_read(self):
        """Bytes of the NAL unit (emulation prevention included) up to the present bit, rounded up."""
        return self.raw_offset[(self.bit + 7) // 8 - 1] + 1


def parse_sps(nal):
    r = BitReader(nal)
    r.u(8)
    profile = r.u(8)
    r.u(16)
    sps = {"id": r.ue(), "chroma": 1, "separate": 0}
    if profile in HIGH_PROFILES:
        sps["chroma"] = r.ue()
        if sps["chroma"] == 3:
            sps["separate"] = r.u(1)
        r.ue(), r.ue(), r.u(1)
        if r.u(1):
            raise ValueError("scaling matrices in the SPS are not supported")
    sps["frame_num_bits"] = r.ue() + 4
    sps["poc_type"] = r.ue()
    sps["delta_pic_order_always_zero"] = 0
    if sps["poc_type"] == 0:
        sps["poc_bits"] = r.ue() + 4
    elif sps["poc_type"] == 1:
        sps["delta_pic_order_always_zero"] = r.u(1)
        r.se(), r.se()
        for _ in range(r.ue()):
            r.se()
    r.ue(), r.u(1), r.ue(), r.ue()
    sps["frame_mbs_only"] = r.u(1)
    return sps


def parse_pps(nal):
    r = BitReader(nal)
    r.u(8)
    pps = {"id": r.ue(), "sps": r.ue(), "cabac": r.u(1), "pic_order_present": r.u(1)}
    if r.ue() != 0:
        raise ValueError("slice groups are not supported")
    pps["refs"] = (r.ue() + 1, r.ue() + 1)
    pps["weighted"], pps["bipred"] = r.u(1), r.u(2)
    r.se(), r.se(), r.se()
    pps["deblocking_control"], _, pps["redundant_pic_cnt"] = r.u(1), r.u(1), r.u(1)
    return pps


class ParameterSets:
    """SPS and PPS from an AVCDecoderConfigurationRecord (ISO/IEC 14496-15 section 5.3.3.1)."""

    def __init__(self, avcc):
        self.length_size = (avcc[4] & 3) + 1
        self.sps, self.pps = {}, {}
        at = 5
        for parse, table, mask in ((parse_sps, self.sps, 31), (parse_pps, self.pps, 255)):
            count = avcc[at] & mask
            at += 1
            for _ in range(count):
                size = int.from_bytes(avcc[at:at + 2], "big")
                entry = parse(avcc[at + 2:at + 2 + size])
                table[entry["id"]] = entry
                at += 2 + size

    def slice_header_size(self, nal):
        """Bytes of a slice NAL unit (type 1 or 5) up to the end of its slice header, NAL header included."""
        ref_idc, kind = nal[0] >> 5 & 3, nal[0] & 31
        r = BitReader(nal[:512])
        r.u(8)
        r.ue()
        slice_type = r.ue() % 5  # 0 P, 1 B, 2 I, 3 SP, 4 SI
        pps = self.pps[r.ue()]
        sps = self.sps[pps["sps"]]
        if sps["separate"]:
            r.u(2)
        r.u(sps["frame_num_bits"])
        field = 0
        if not sps["frame_mbs_only"]:
            field = r.u(1)
            if field:
                r.u(1)
        if kind == 5:
            r.ue()
        if sps["poc_type"] == 0:
            r.u(sps["poc_bits"])
            if pps["pic_order_present"] and not field:
                r.se()
        elif sps["poc_type"] == 1 and not sps["delta_pic_order_always_zero"]:
            r.se()
            if pps["pic_order_present"] and not field:
                r.se()
        if pps["redundant_pic_cnt"]:
            r.ue()
        if slice_type == 1:
            r.u(1)
        refs = list(pps["refs"])
        if slice_type in (0, 1, 3) and r.u(1):
            refs[0] = r.ue() + 1
            if slice_type == 1:
                refs[1] = r.ue() + 1
        lists = {0: 1, 1: 2, 3: 1}.get(slice_type, 0)
        for _ in range(lists):
            if r.u(1):
                while r.ue() != 3:
                    r.ue()
        if (pps["weighted"] and slice_type in (0, 3)) or (pps["bipred"] == 1 and slice_type == 1):
            self._weights(r, sps, refs[:lists])
        if ref_idc:
            self._ref_pic_marking(r, kind)
        if pps["cabac"] and slice_type not in (2, 4):
            r.ue()
        r.se()
        if slice_type in (3, 4):
            raise ValueError("SP and SI slices are not supported")
        if pps["deblocking_control"] and r.ue() != 1:
            r.se(), r.se()
        return r.bytes_read()

    @staticmethod
    def _weights(r, sps, refs):
        colour = sps["chroma"] != 0 and not sps["separate"]
        r.ue()
        if colour:
            r.ue()
        for count in refs:
            for _ in range(count):
                if r.u(1):
                    r.se(), r.se()
                if colour and r.u(1):
                    r.se(), r.se(), r.se(), r.se()

    @staticmethod
    def _ref_pic_marking(r, kind):
        if kind == 5:
            r.u(2)
        elif r.u(1):
            while (operation := r.ue()) != 0:
                if operation in (1, 2, 3, 4, 6):
                    r.ue()
                if operation == 3:
                    r.ue()

    def subsamples(self, sample, align):
        """Clear and protected byte counts of a sample: length fields, NAL headers, slice headers and every NAL unit that
        is not a slice stay clear; with `align` only whole 16-byte blocks are protected (they move to the end)."""
        runs, clear, at = [], 0, 0
        while at < len(sample):
            size = int.from_bytes(sample[at:at + self.length_size], "big")
            start, end = at + self.length_size, at + self.length_size + size
            if size == 0 or end > len(sample):
                raise ValueError("NAL unit length beyond the sample")
            nal = sample[start:end]
            header = self.slice_header_size(nal) if nal[0] & 31 in (1, 5) else size
            protected = size - header
            if align:
                protected -= protected % 16
            clear += end - at - protected
            if protected:
                runs.append((clear, protected))
                clear = 0
            at = end
        if clear or not runs:
            runs.append((clear, 0))
        return runs
