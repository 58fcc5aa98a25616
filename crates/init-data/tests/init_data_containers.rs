//! Key ids and boxes in WebM files and MPEG transport streams, and in the data of other systems' boxes.

use init_data::pssh::{self, PsshBox};
use init_data::{
    CLEARPLAY_SYSTEM_ID, Error, Kind, W3C_CLEAR_KEY_SYSTEM_ID, dash, find_pssh, hls, key_ids_for, key_ids_of_system,
    kind, mp4, mpeg_ts, smooth, webm,
};

/// An EBML element with a size field of `length` bytes; all ones where there is no content.
fn element(id: &[u8], length: usize, content: Option<&[u8]>) -> Vec<u8> {
    let ones = (1_u64 << (7 * length)) - 1;
    let size = content.map_or(ones, |content| content.len() as u64) | 1 << (7 * length);
    [id, &size.to_be_bytes()[8 - length..], content.unwrap_or_default()].concat()
}

fn webm_track(id: &[u8], length: usize) -> Vec<u8> {
    let mut inner = [element(&[0x47, 0xe1], length, Some(&[5])), element(&[0x47, 0xe2], length, Some(id))].concat();
    for master in [&[0x50, 0x35][..], &[0x62, 0x40], &[0x6d, 0x80]] {
        inner = [element(&[0x83], length, Some(&[1])), element(master, length, Some(&inner))].concat();
    }
    element(&[0xae], length, Some(&inner))
}

#[test]
fn webm_files_name_their_keys_in_the_header() {
    let header = element(&[0x1a, 0x45, 0xdf, 0xa3], 1, Some(&[0x42, 0x86, 0x81, 1]));
    for length in 1..=8 {
        let content = |ids: &[&[u8]]| ids.iter().flat_map(|id| webm_track(id, length.max(2))).collect::<Vec<_>>();
        let tracks = content(&[&[1; 16], &[2; 15], &[3; 16], &[1; 16]]);
        let tracks = element(&[0x16, 0x54, 0xae, 0x6b], length.max(2), Some(&tracks));
        let cluster = element(&[0x1f, 0x43, 0xb6, 0x75], length, None);
        let segment = [element(&[0x18, 0x53, 0x80, 0x67], length, None), tracks, cluster, vec![0; 50]].concat();
        let file = [header.clone(), segment].concat();
        let made = pssh::build(&W3C_CLEAR_KEY_SYSTEM_ID, &[[1; 16], [3; 16]], b"");
        assert_eq!(find_pssh(&file).unwrap(), [made], "sizes of {length} bytes");
        // Cut anywhere, it gives what is complete.
        let mut most = 0;
        for end in 0..=file.len() {
            let found = webm::parse(&file[..end]).map_or(0, |found| found.key_ids.len());
            assert!((most..=3).contains(&found), "{end}");
            most = found;
        }
        assert_eq!(most, 3);
    }
    assert!(matches!(find_pssh(&header), Err(Error::NotFound { .. })));
    assert!(matches!(webm::parse(&[header, vec![0; 9]].concat()), Err(Error::Malformed { offset: 9, .. })));
}

const PMT_PID: u16 = 0x100;

/// Packets with a section of a program map table; `before` bytes of another section stand in front of it.
fn pmt(program: &[u8], streams: &[&[u8]], before: usize, counter: u8) -> Vec<u8> {
    let length = |loops: usize| [0xf0 | (loops >> 8) as u8, loops as u8];
    let mut body = [&[0, 1, 0xc1, 0, 0, 0xe1, 0][..], &length(program.len()), program].concat();
    for stream in streams {
        body.extend([&[0x1b, 0xe1, 0][..], &length(stream.len()), stream].concat());
    }
    let size = body.len() + 4;
    let section = [&[2, 0xb0 | (size >> 8) as u8, size as u8][..], &body, &[0; 4]].concat();
    let payload = [&[before as u8][..], &vec![0xff; before], &section].concat();
    let packets = payload.chunks(184).enumerate().map(|(index, chunk)| {
        let begins = if index == 0 { 0x40 } else { 0 };
        let head = [0x47, begins | (PMT_PID >> 8) as u8, PMT_PID as u8, 0x10 | (counter + index as u8) & 15];
        [&head[..], chunk, &vec![0xff; 184 - chunk.len()]].concat()
    });
    packets.collect::<Vec<_>>().concat()
}

fn descriptor(content: &[u8]) -> Vec<u8> {
    [&[0xc0, content.len() as u8 + 2, 2, 0][..], content].concat()
}

fn packet(pid: u16, fill: u8) -> Vec<u8> {
    [&[0x47, (pid >> 8) as u8, pid as u8, 0x10][..], &[fill; 184]].concat()
}

#[test]
fn transport_streams_have_boxes_in_both_loops_of_the_program_map_table() {
    let boxes: Vec<_> = (1..=4_u8).map(|id| pssh::build(&[id; 16], &[[id; 16]; 9], b"")).collect();
    let other = [&[0xc0, 4, 2, 0, 1, 2][..], &[0x09, 2, 0, 0]].concat();
    let program = [&other[..], &descriptor(&boxes[0]), &descriptor(&boxes[1])].concat();
    let streams = [&b"\x0a\x04eng\0"[..], &descriptor(&boxes[2])[..], &[], &descriptor(&boxes[3])[..]];
    for before in [0, 1, 100, 182] {
        let table = pmt(&program, &streams, before, 14);
        let file = [packet(0x1fff, 0xff), table.clone(), packet(0x101, 0), table.clone()].concat();
        assert_eq!(find_pssh(&file).unwrap(), boxes, "{before}");
        // A packet sent twice, packets of other streams between, a lost one, one that is marked as damaged.
        let packets: Vec<_> = table.chunks(188).collect();
        let twice: Vec<_> = packets.iter().flat_map(|one| [one, one, &packet(0x101, 9)[..]].concat()).collect();
        assert_eq!(find_pssh(&twice).unwrap(), boxes, "{before}");
        for lost in 0..packets.len() {
            let mut damaged = packets.concat();
            damaged[lost * 188 + 1] |= 0x80;
            let both = [damaged, table.clone()].concat();
            assert_eq!(find_pssh(&both).unwrap().len(), 4, "{lost} damaged");
            let kept = [packets[..lost].concat(), packets[lost + 1..].concat(), table.clone()].concat();
            assert!(find_pssh(&kept).unwrap().ends_with(&boxes[3..]), "{lost} lost");
        }
        // Sync lost before it, checksums or time codes behind each packet, cut anywhere.
        assert_eq!(find_pssh(&[&[7; 90][..], &file].concat()).unwrap(), boxes);
        for gap in [4, 16] {
            let spaced: Vec<_> = file.chunks(188).flat_map(|one| [one, &vec![7; gap]].concat()).collect();
            assert_eq!(find_pssh(&spaced).unwrap(), boxes, "gaps of {gap}");
        }
        for end in 0..file.len() {
            let _ = mpeg_ts::parse(&file[..end]);
            let _ = find_pssh(&file[end..]);
        }
    }
    assert!(matches!(find_pssh(&packet(0x101, 0).repeat(3)), Err(Error::NotFound { .. })));
}

const WIDEVINE: [u8; 16] = 0xedef_8ba9_79d6_4ace_a3c8_27dc_d51d_21ed_u128.to_be_bytes();
const PLAYREADY: [u8; 16] = 0x9a04_f079_9840_4286_ab92_e65b_e088_5f95_u128.to_be_bytes();

fn asked_for(bytes: &[u8]) -> Result<Vec<[u8; 16]>, Error> {
    let boxes: Vec<PsshBox> = pssh::parse_all(bytes).unwrap();
    assert!(key_ids_of_system(&[W3C_CLEAR_KEY_SYSTEM_ID], &boxes, false).is_err());
    key_ids_for(&[CLEARPLAY_SYSTEM_ID], &boxes, true)
}

#[test]
fn ids_in_the_data_of_widevine_count_where_no_box_lists_any() {
    let field = |number: u8, content: &[u8]| [&[number << 3 | 2, content.len() as u8][..], content].concat();
    let digits = b"0123456789abcdef0123456789ABCDEF";
    let parts = [
        vec![1 << 3, 0x80, 1],
        field(2, &[1; 16]),
        field(3, b"provider"),
        field(2, digits),
        field(2, &[9; 15]),
        field(2, &[0; 16]),
        vec![4 << 3 | 1, 1, 2, 3, 4, 5, 6, 7, 8],
        vec![5 << 3 | 5, 1, 2, 3, 4],
        field(2, &[1; 16]),
        field(2, &[2; 16]),
    ];
    let data = parts.concat();
    let named = [[1; 16], 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef_u128.to_be_bytes(), [2; 16]];
    let made = pssh::build(&WIDEVINE, &[], &data);
    assert_eq!(asked_for(&made).unwrap(), named);
    for (end, _) in data.iter().enumerate() {
        let cut = asked_for(&pssh::build(&WIDEVINE, &[], &data[..end])).unwrap_or_default();
        assert!(named.starts_with(&cut), "{end}");
    }
    let listed = pssh::build(&[7; 16], &[[8; 16]], b"");
    assert_eq!(asked_for(&[made.clone(), listed].concat()).unwrap(), [[8; 16]]);
    let unknown = pssh::build(&[7; 16], &[], &data);
    assert!(matches!(asked_for(&unknown), Err(Error::NotFound { .. })));
    let empty = pssh::build(&WIDEVINE, &[], b"");
    assert_eq!(asked_for(&[empty, unknown, made].concat()).unwrap(), named);
}

/// A PlayReady Object with a license store and a header.
fn playready_object(header: &str) -> Vec<u8> {
    let text: Vec<u8> = header.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let record = |kind: u8, content: &[u8]| [&[kind, 0][..], &(content.len() as u16).to_le_bytes(), content].concat();
    let records = [record(3, &[0; 20]), record(1, &text)].concat();
    [&(records.len() as u32 + 6).to_le_bytes()[..], &[2, 0], &records].concat()
}

#[test]
fn ids_in_every_version_of_playreadys_header_are_guids() {
    let guid = "DQW0nkvkAkiTLifXUIPiZg==";
    let first = 0x9eb4_050d_e44b_4802_932e_27d7_5083_e266_u128.to_be_bytes();
    let second = [0xff; 16];
    let (value, other) =
        (format!("<KID ALGID='AESCTR' VALUE='{guid}'/>"), "<KID VALUE='/////////////////////w=='></KID>");
    for (version, data, ids) in [
        ("4.0", format!("<PROTECTINFO/><KID>\n{guid} </KID>"), vec![first]),
        ("4.1", format!("<PROTECTINFO>{value}</PROTECTINFO>"), vec![first]),
        ("4.2", format!("<PROTECTINFO><KIDS>{value}{other}</KIDS></PROTECTINFO>"), vec![first, second]),
        (
            "4.3",
            format!("<PROTECTINFO><KIDS><KID VALUE='AAAA'/>{other}{value}</KIDS></PROTECTINFO>"),
            vec![second, first],
        ),
        ("4.0", format!("<KID>*</KID></x><KID>{guid}</KID>"), vec![first]),
        ("4.0", "<LA_URL>http://x</LA_URL>".to_owned(), vec![]),
    ] {
        let header = format!("<WRMHEADER xmlns='urn:x' version='{version}.0.0'><DATA>{data}</DATA></WRMHEADER>");
        let object = playready_object(&header);
        let found = asked_for(&pssh::build(&PLAYREADY, &[], &object));
        assert_eq!(found.unwrap_or_default(), ids, "{header}");
        for end in 0..object.len() {
            let cut = asked_for(&pssh::build(&PLAYREADY, &[], &object[..end])).unwrap_or_default();
            assert!(ids.starts_with(&cut), "{end}");
        }
        // The same object in manifests.
        let text = base::base64::Variant::Standard.encode(&object);
        let made = pssh::build(&PLAYREADY, &[], &object);
        let pro = format!("<MPD><ContentProtection><mspr:pro>{text}</mspr:pro></ContentProtection></MPD>");
        assert_eq!(find_pssh(pro.as_bytes()).unwrap(), std::slice::from_ref(&made));
        let boxed = base::base64::Variant::Standard.encode(&made);
        let both = pro.replace("</Con", &format!("<cenc:pssh>{boxed}</cenc:pssh></Con"));
        assert_eq!(find_pssh(both.as_bytes()).unwrap(), std::slice::from_ref(&made));
        for id in ["9A04F079-9840-4286-AB92-E65BE0885F95", "{9a04f079-9840-4286-ab92-e65be0885f95}"] {
            let smooth = format!(
                "<?xml version='1.0'?><SmoothStreamingMedia MajorVersion='2'><Protection><ProtectionHeader \
                 SystemID='{id}'>{text}</ProtectionHeader><ProtectionHeader>{text}</ProtectionHeader>\
                 <ProtectionHeader SystemID='{id}'>*</ProtectionHeader></Protection></SmoothStreamingMedia>"
            );
            assert_eq!(find_pssh(smooth.as_bytes()).unwrap(), std::slice::from_ref(&made));
            for (mark, bytes) in [([0xff, 0xfe], u16::to_le_bytes as fn(u16) -> _), ([0xfe, 0xff], u16::to_be_bytes)] {
                let wide: Vec<u8> = smooth.encode_utf16().flat_map(bytes).collect();
                assert_eq!(find_pssh(&[&mark[..], &wide].concat()).unwrap(), std::slice::from_ref(&made));
            }
        }
    }
}

#[test]
fn a_smooth_streaming_manifest_gives_key_ids() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/init_data/playready.ism");
    let boxes = find_pssh(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!(boxes.len(), 1);
    let ids = asked_for(&boxes[0]).unwrap();
    assert_eq!(ids.iter().map(hex::encode).collect::<Vec<_>>(), ["9eb4050de44b4802932e27d75083e266"]);
}

/// A small generator is enough; the seed is in every message.
#[test]
fn random_damage_of_any_source_never_panics_and_gives_well_formed_boxes() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors");
    let directories = ["reports/media", "init_data"].map(|name| std::fs::read_dir(format!("{root}/{name}")).unwrap());
    let paths = directories.into_iter().flatten().map(|entry| entry.unwrap().path());
    let files: Vec<_> = paths.map(|path| std::fs::read(path).unwrap()).filter(|file| file.len() < 8192).collect();
    assert!(files.len() > 15);
    let seed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos() as u64 | 1;
    let mut state = seed;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    for _ in 0..10_000 {
        let mut bytes = files[random(files.len())].clone();
        for _ in 0..=random(6) {
            let at = random(bytes.len());
            match random(4) {
                0 => bytes[at] = random(256) as u8,
                1 => bytes[at] ^= 1 << random(8),
                2 => drop(bytes.drain(at..(at + random(20)).min(bytes.len() - 1).max(at))),
                _ => {
                    let part = bytes[at..(at + random(200)).min(bytes.len())].to_vec();
                    let to = random(bytes.len());
                    bytes.splice(to..to, part);
                }
            }
        }
        for raw in find_pssh(&bytes).unwrap_or_default() {
            let parsed = pssh::parse(&raw).unwrap_or_else(|fault| panic!("seed {seed}: {fault}"));
            let _ = key_ids_for(&[CLEARPLAY_SYSTEM_ID], &[parsed], true);
        }
        // Every parser on everything, whatever it looks like.
        for parse in [mp4::parse, webm::parse, mpeg_ts::parse, dash::parse, hls::parse, smooth::parse] {
            let _ = parse(&bytes);
        }
    }
}

/// The sync byte of packets is the letter G: texts with many are none, in whatever place they stand.
#[test]
fn texts_are_no_transport_streams() {
    let playready = [0x9a, 0x04, 0xf0, 0x79, 0x98, 0x40, 0x42, 0x86, 0xab, 0x92, 0xe6, 0x5b, 0xe0, 0x88, 0x5f, 0x95];
    for length in 0..1200 {
        // Base64 of a box whose content is all G.
        let content: Vec<u8> = [0x18, 0x61, 0x86].into_iter().cycle().take(length).collect();
        let text = base::base64::Variant::Standard.encode(&pssh::build(&playready, &[], &content));
        assert_eq!(kind(text.as_bytes()), None, "{length}");
        let json = format!("{{\"kids\": [\"{}\"]}}\n", "G\u{e4}".repeat(length));
        assert_eq!(kind(json.as_bytes()), None, "{length}");
    }
    // Packets of compressed data are.
    for packets in 2..10 {
        let stream = [&[0x47, 0x40, 0x11, 0x10][..], &[0x9c; 183], &[0]].concat().repeat(packets);
        assert_eq!(kind(&stream), Some(Kind::MpegTs));
    }
}
