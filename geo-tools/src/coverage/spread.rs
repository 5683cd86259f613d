//! A first look at what may lie together: the boxes of a uniform grid, so coarse that there are few for each thing.
//!
//! Where things crowd, a box holds many; whoever looks there halves it further.

/// A box in units: west, south, east, north.
pub(crate) type Box4 = [i32; 4];

/// A box in units whose eastern and northern edge are not part of it.
pub(crate) type Region = [i64; 4];

/// Things in the boxes of a grid.
pub(crate) struct Spread {
    south_west: [i64; 2],
    /// The side of a box is two to this power, so that nothing needs to be divided.
    side_log2: u32,
    rows: usize,
    /// `items[starts[box]..starts[box + 1]]` are the box's.
    starts: Vec<u32>,
    items: Vec<u32>,
}

/// The most boxes that there are for each thing, and that things lie in on average.
const MAX_EACH: usize = 4;

impl Spread {
    /// Puts each thing into every grid box that its own box shares a position with; about `few` into each.
    pub(crate) fn new(around: &[Box4], few: usize) -> Option<Self> {
        let whole = around
            .iter()
            .copied()
            .reduce(|a, b| [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])])?;
        let [west, south, east, north] = whole.map(i64::from);
        let wanted = (around.len() / few).max(1);
        let ground = (east - west + 1) as f64 * (north - south + 1) as f64;
        let mut side_log2 = (ground / wanted as f64).sqrt().log2().round().max(0.0) as u32;
        let mut spread = loop {
            let (columns, rows) = (((east - west) >> side_log2) + 1, ((north - south) >> side_log2) + 1);
            let spread = Self {
                south_west: [west, south],
                side_log2,
                rows: rows as usize,
                starts: Vec::new(),
                items: Vec::new(),
            };
            let is_coarse = (columns * rows) as usize <= MAX_EACH * wanted.max(around.len());
            let lie_in: usize = around.iter().map(|around| spread.places(around).count_all()).sum();
            if is_coarse && lie_in <= MAX_EACH * around.len() || columns * rows == 1 {
                break Self {
                    starts: vec![0; (columns * rows) as usize + 2],
                    items: vec![0; lie_in],
                    ..spread
                };
            }
            side_log2 += 1;
        };
        for around in around {
            for place in spread.places(around).all(spread.rows) {
                spread.starts[place + 2] += 1;
            }
        }
        for place in 1..spread.starts.len() {
            spread.starts[place] += spread.starts[place - 1];
        }
        for (item, around) in (0..).zip(around) {
            for place in spread.places(around).all(spread.rows) {
                let at = &mut spread.starts[place + 1];
                spread.items[*at as usize] = item;
                *at += 1;
            }
        }
        Some(spread)
    }

    /// Every box with the things in it.
    pub(crate) fn boxes(&self) -> impl Iterator<Item = (Region, &[u32])> {
        self.starts.windows(2).take(self.starts.len() - 2).enumerate().map(|(place, range)| {
            let (column, row) = ((place / self.rows) as i64, (place % self.rows) as i64);
            let side = 1 << self.side_log2;
            let (west, south) = (self.south_west[0] + column * side, self.south_west[1] + row * side);
            let items = &self.items[range[0] as usize..range[1] as usize];
            ([west, south, west + side, south + side], items)
        })
    }

    fn places(&self, around: &Box4) -> Places {
        let place = |at: i32, origin: i64| ((i64::from(at) - origin) >> self.side_log2) as usize;
        Places {
            columns: [place(around[0], self.south_west[0]), place(around[2], self.south_west[0])],
            rows: [place(around[1], self.south_west[1]), place(around[3], self.south_west[1])],
        }
    }
}

/// A range of columns and one of rows, ends included.
struct Places {
    columns: [usize; 2],
    rows: [usize; 2],
}

impl Places {
    fn count_all(&self) -> usize {
        (self.columns[1] - self.columns[0] + 1) * (self.rows[1] - self.rows[0] + 1)
    }

    /// Column by column: things come in order of longitude, so those that share boxes follow each other.
    fn all(&self, rows: usize) -> impl Iterator<Item = usize> {
        let [south, north] = self.rows;
        (self.columns[0]..=self.columns[1])
            .flat_map(move |column| column * rows + south..=column * rows + north)
    }
}
