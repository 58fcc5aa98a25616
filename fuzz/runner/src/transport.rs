//! Small MPEG transport streams with content encryption information.

/// A program with one stream, whose units are `units`.
pub fn stream(stream_type: u8, algorithm: u8, units: &[&[u8]]) -> Vec<u8> {
    let mut file = Vec::new();
    let section = |mut section: Vec<u8>| {
        section[2] = (section.len() + 1) as u8;
        [&[0][..], &section, &[0; 4]].concat()
    };
    let association = section(vec![0, 0xb0, 0, 0, 1, 0xc1, 0, 0, 0, 1, 0xe0, 0x20]);
    packets(&mut file, 0, &mut 0, &association);
    let mut map = vec![2, 0xb0, 0, 0, 1, 0xc1, 0, 0, 0xe0, 0x50, 0xf0, 0];
    let descriptor = [&[0xc0, 34, algorithm, 0, 0, 0, 0, 32][..], b"pssh", &[0; 24]].concat();
    map.extend_from_slice(&[stream_type, 0xe0, 0x50, 0xf0, descriptor.len() as u8]);
    map.extend_from_slice(&descriptor);
    packets(&mut file, 0x20, &mut 0, &section(map));
    let mut counter = 0;
    for unit in units {
        let length = ((unit.len() + 3) as u16).to_be_bytes();
        let pes = [&[0, 0, 1, 0xe0, length[0], length[1], 0x80, 0, 0], *unit].concat();
        packets(&mut file, 0x50, &mut counter, &pes);
    }
    file
}

fn packets(file: &mut Vec<u8>, pid: u8, counter: &mut u8, mut rest: &[u8]) {
    let mut begins = 0x40;
    while !rest.is_empty() {
        let (payload, others) = rest.split_at(rest.len().min(184));
        let stuffing = 184 - payload.len();
        file.extend_from_slice(&[0x47, begins, pid, if stuffing > 0 { 0x30 } else { 0x10 } | *counter]);
        if stuffing > 0 {
            file.push(stuffing as u8 - 1);
            file.extend((1..stuffing).map(|at| if at == 1 { 0 } else { 0xff }));
        }
        file.extend_from_slice(payload);
        (begins, *counter, rest) = (0, (*counter + 1) & 15, others);
    }
}
