//! A decoder of Mapbox Vector Tiles 2.1 that takes nothing for granted.

/// A feature as commands drew it.
#[derive(Debug, Default)]
pub struct Drawn {
    pub kind: u64,
    /// Points, lines or rings, in units of the tile.
    pub paths: Vec<Vec<[i64; 2]>>,
}

impl Drawn {
    /// Twice the area of each path as a ring: positive where it runs clockwise, as y points down.
    pub fn doubled_areas(&self) -> Vec<i64> {
        let doubled = |ring: &Vec<[i64; 2]>| {
            let sides = (0..ring.len()).map(|at| (ring[at], ring[(at + 1) % ring.len()]));
            sides.map(|(a, b)| a[0] * b[1] - b[0] * a[1]).sum()
        };
        self.paths.iter().map(doubled).collect()
    }
}

/// The layers of a tile by their names.
///
/// # Panics
/// Where the bytes are no tile.
pub fn read(bytes: &[u8]) -> Vec<(String, Vec<Drawn>)> {
    let mut layers: Vec<(String, Vec<Drawn>)> = Vec::new();
    for (field, content) in fields(bytes) {
        assert_eq!(field, 3, "a tile has layers and nothing else");
        let parts = fields(content.bytes());
        let all = |wanted: u64| {
            parts
                .iter()
                .filter(move |(field, _)| *field == wanted)
                .map(|(_, content)| content)
                .collect::<Vec<_>>()
        };
        assert_eq!(all(15).iter().map(|content| content.number()).collect::<Vec<_>>(), [2]);
        let (keys, values) = (all(3).len() as u64, all(4).len() as u64);
        let name = String::from_utf8(all(1)[0].bytes().to_vec()).expect("UTF-8");
        assert!(layers.iter().all(|(other, _)| *other != name), "layer {name} stands twice");
        layers.push((name, all(2).iter().map(|content| drawn(content.bytes(), keys, values)).collect()));
    }
    layers
}

enum Content<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

impl<'a> Content<'a> {
    fn number(&self) -> u64 {
        let Self::Number(number) = self else { panic!("a number is expected") };
        *number
    }

    fn bytes(&self) -> &'a [u8] {
        let Self::Bytes(bytes) = self else { panic!("bytes are expected") };
        bytes
    }
}

fn fields(mut bytes: &[u8]) -> Vec<(u64, Content<'_>)> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let content = match key & 7 {
            0 => Content::Number(varint(&mut bytes)),
            1 => Content::Bytes(bytes.split_off(..8).expect("eight bytes")),
            2 => {
                let length = varint(&mut bytes) as usize;
                Content::Bytes(bytes.split_off(..length).expect("a whole field"))
            }
            other => panic!("wire type {other}"),
        };
        found.push((key >> 3, content));
    }
    found
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..70).step_by(7) {
        let byte = *bytes.split_off_first().expect("a whole number");
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return value;
        }
    }
    panic!("a number of more than ten bytes")
}

fn numbers(mut bytes: &[u8]) -> Vec<u64> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        found.push(varint(&mut bytes));
    }
    found
}

fn signed(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

fn drawn(content: &[u8], keys: u64, values: u64) -> Drawn {
    let mut drawn = Drawn::default();
    for (field, content) in fields(content) {
        match field {
            1 => drop(content.number()),
            2 => {
                for tag in numbers(content.bytes()).chunks(2) {
                    assert!(tag[0] < keys && tag[1] < values, "a tag of nothing");
                }
            }
            3 => drawn.kind = content.number(),
            4 => drawn.paths = paths(&numbers(content.bytes())),
            other => panic!("field {other}"),
        }
    }
    drawn
}

fn paths(commands: &[u64]) -> Vec<Vec<[i64; 2]>> {
    let (mut at, mut place) = (0, [0, 0]);
    let mut paths: Vec<Vec<[i64; 2]>> = Vec::new();
    while at < commands.len() {
        let (command, count) = (commands[at] & 7, commands[at] >> 3);
        at += 1;
        match command {
            7 => assert_eq!(count, 1),
            1 | 2 => {
                assert!(count > 0, "a command of nothing");
                for _ in 0..count {
                    place = [place[0] + signed(commands[at]), place[1] + signed(commands[at + 1])];
                    at += 2;
                    if command == 1 {
                        paths.push(Vec::new());
                    }
                    paths.last_mut().expect("a path begun").push(place);
                }
            }
            other => panic!("command {other}"),
        }
    }
    paths
}
