//! The one shape that nearly every byte of a large file has, `[12.3456789,47.1234567]`: eight digits at a time, by integers.
//!
//! Invariant: what is read here is, unit for unit, what `str::parse::<f64>` and [`Position::new`] would make of it. A decimal
//! number x of units is at most 1.8e9; its nearest double and that times 1e7 are each off by at most 2^-53 of it, together
//! by less than 1e-6 units. With seven decimals or fewer x is whole, so rounding gives x; with more, only an x that near
//! to a half unit could be rounded the other way, and such a one is left to the slow way.

use super::cursor::Cursor;
use crate::position::Position;

const MAX_LON_E7: i64 = 1_800_000_000;
const MAX_LAT_E7: i64 = 900_000_000;
/// How near to half a unit, in 1e-9 units, the slow way decides. More than twice what the doubles can be off.
const NEAR_HALF: u64 = 1_000;

/// What [`positions`] has read.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Run {
    pub(super) count: usize,
    /// Bytes up to the end of the last position; the comma behind it is not among them.
    pub(super) length_bytes: usize,
    /// Line ends in these bytes.
    pub(super) lines: u64,
}

/// Reads positions with commas between them at the start of `bytes`, at most `max_count`, and adds them to `positions`.
///
/// What it stops at is not said to be wrong: the slow way looks at it.
pub(super) fn positions(bytes: &[u8], max_count: usize, positions: &mut Vec<Position>) -> Run {
    let mut run = Run::default();
    let mut cursor = Cursor::new(bytes);
    let (mut lon, mut lat) = (Form::default(), Form::default());
    while run.count < max_count {
        let position = cursor.again(&lon, &lat).or_else(|| cursor.position(&mut lon, &mut lat));
        let Some(position) = position else { break };
        positions.push(position);
        run = Run { count: run.count + 1, length_bytes: cursor.at, lines: cursor.lines };
        if bytes.get(cursor.at..cursor.at + 2) == Some(b",[") {
            cursor.at += 1;
            continue;
        }
        cursor.skip_space();
        if !cursor.passes(b',') {
            break;
        }
        cursor.skip_space();
    }
    run
}

/// How a number is written: what stands before the decimals, point included, and how many there are. Mostly the same from
/// one position to the next.
struct Form {
    bytes: u64,
    mask: u64,
    length_bytes: usize,
    /// Whole degrees, in units, with their sign.
    units: i64,
    /// All ones where there is a minus sign, else zero.
    sign: i64,
    /// How many decimals, below eight; none where that is not known.
    decimals: usize,
}

impl Default for Form {
    /// A form that nothing has.
    fn default() -> Self {
        Self { bytes: 1, mask: 0, length_bytes: 0, units: 0, sign: 0, decimals: 0 }
    }
}

impl Form {
    /// The form that the first bytes of `word` have; also where no point follows, which its length then leaves out.
    fn read(word: u64) -> Option<(Self, bool)> {
        let is_negative = word & 0xff == u64::from(b'-');
        let sign_length = usize::from(is_negative);
        let digits = (word >> (8 * sign_length)) ^ ZEROS;
        let (first, second, third) = (digits & 0xff, digits >> 8 & 0xff, digits >> 16 & 0xff);
        let count = digit_count(digits);
        let whole = match count {
            1 => first,
            2 if first > 0 => first * 10 + second,
            3 if first > 0 => first * 100 + second * 10 + third,
            _ => return None,
        };
        let has_point = (digits >> (8 * count)) & 0xff == u64::from(b'.' ^ b'0');
        let length_bytes = sign_length + count + usize::from(has_point);
        let mask = (1 << (8 * length_bytes)) - 1;
        let sign = -i64::from(is_negative);
        let units = ((whole as i64 * 10_000_000) ^ sign) - sign;
        Some((Self { bytes: word & mask, mask, length_bytes, units, sign, decimals: 0 }, has_point))
    }

    /// With these decimals, of which there are fewer than eight; what stands behind them is not looked at.
    #[inline(always)]
    fn units_with(&self, digits: u64, count: usize) -> Option<i32> {
        // A digit zero before them and zeros after them make eight.
        let decimals = value_of_eight((digits & below(count)) << 8) as i64;
        i32::try_from(self.units + ((decimals ^ self.sign) - self.sign)).ok()
    }

    /// The number of this very form that stands at a place with a certain byte behind it.
    #[inline(always)]
    fn again(&self, cursor: &Cursor<'_>, at: usize, behind: u8) -> Option<i32> {
        let word = cursor.word_at(at + self.length_bytes);
        let digits = word ^ ZEROS;
        let is_same = self.decimals > 0
            && cursor.word_at(at) & self.mask == self.bytes
            && others(digits) & below(self.decimals) == 0
            && (word >> (8 * self.decimals)) as u8 == behind;
        if is_same { self.units_with(digits, self.decimals) } else { None }
    }
}

/// Ones in the bytes before one that is not the ninth.
#[inline(always)]
fn below(count: usize) -> u64 {
    (1 << (8 * count)) - 1
}

impl Cursor<'_> {
    /// Reads a position without blanks whose numbers have the forms of those before. Where that goes on, how far to go
    /// is known before the digits are, and positions are read side by side.
    #[inline(always)]
    fn again(&mut self, lon: &Form, lat: &Form) -> Option<Position> {
        let lat_at = self.at + 1 + lon.length_bytes + lon.decimals + 1;
        if self.peek() != Some(b'[') {
            return None;
        }
        let lon_e7 = lon.again(self, self.at + 1, b',')?;
        let lat_e7 = lat.again(self, lat_at, b']')?;
        let position = Position::from_e7(lon_e7, lat_e7).ok()?;
        self.at = lat_at + lat.length_bytes + lat.decimals + 1;
        Some(position)
    }

    #[inline(always)]
    fn position(&mut self, lon: &mut Form, lat: &mut Form) -> Option<Position> {
        if !self.passes(b'[') {
            return None;
        }
        self.skip_space();
        let lon_e7 = self.units(lon, MAX_LON_E7)?;
        if !self.passes(b',') {
            return None;
        }
        self.skip_space();
        let lat_e7 = self.units(lat, MAX_LAT_E7)?;
        if !self.passes(b']') {
            return None;
        }
        Position::from_e7(lon_e7, lat_e7).ok()
    }

    /// A plain decimal number of degrees in units of 1e-7; what follows it is the caller's to check.
    #[inline(always)]
    fn units(&mut self, form: &mut Form, max: i64) -> Option<i32> {
        let word = self.word_at(self.at);
        if word & form.mask != form.bytes {
            let (read, has_point) = Form::read(word)?;
            if !has_point {
                self.at += read.length_bytes;
                return i32::try_from(read.units).ok();
            }
            *form = read;
        }
        self.at += form.length_bytes;
        let digits = self.word_at(self.at) ^ ZEROS;
        let count = digit_count(digits);
        if count >= 8 {
            return self.long_units(form, max);
        }
        if count == 0 {
            return None;
        }
        self.at += count;
        form.decimals = count;
        form.units_with(digits, count)
    }

    /// A number with eight decimals or more, the first of which stands at the cursor.
    #[inline(never)]
    fn long_units(&mut self, form: &Form, max: i64) -> Option<i32> {
        let eight = value_of_eight(self.word_at(self.at) ^ ZEROS);
        self.at += 8;
        let digits = self.word_at(self.at) ^ ZEROS;
        let count = digit_count(digits);
        let kept = if count == 8 { digits } else { digits & below(count) };
        self.at += count;
        // What follows sixteen decimals is less than a billionth of a unit, far below what is near.
        while self.bytes.get(self.at)?.is_ascii_digit() {
            self.at += 1;
        }
        let (decimals, rest) = (eight / 10, eight % 10 * 100_000_000 + value_of_eight(kept));
        let units = form.units.abs() + decimals as i64;
        if rest.abs_diff(500_000_000) <= NEAR_HALF || (units >= max && rest > 0) {
            return None;
        }
        let units = units + i64::from(rest > 500_000_000);
        i32::try_from((units ^ form.sign) - form.sign).ok()
    }
}

/// Eight digits zero; taken off by exclusive or.
const ZEROS: u64 = 0x3030_3030_3030_3030;

/// The high bit of each of eight bytes that is no digit, up to the first; what is carried comes after it.
#[inline(always)]
fn others(digits: u64) -> u64 {
    // A byte of ten or more reaches the high bit.
    (digits.wrapping_add(0x7676_7676_7676_7676) | digits) & 0x8080_8080_8080_8080
}

/// How many of eight bytes are digits before the first that is none.
#[inline(always)]
fn digit_count(digits: u64) -> usize {
    (others(digits).trailing_zeros() / 8) as usize
}

/// The value of eight digits, the first one lowest: pairs, then fours, then all.
#[inline(always)]
fn value_of_eight(digits: u64) -> u64 {
    let pairs = digits.wrapping_mul(10 << 8 | 1) >> 8 & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(100 << 16 | 1) >> 16 & 0x0000_ffff_0000_ffff;
    fours.wrapping_mul(10_000 << 32 | 1) >> 32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> (Vec<Position>, Run) {
        let mut read = Vec::new();
        let run = positions(text.as_bytes(), usize::MAX, &mut read);
        (read, run)
    }

    /// What follows is never read as part of a number, but the fast way looks eight bytes ahead.
    const BEHIND: &str = "] , \"bbox\"";

    fn check(text: &str, expected: Option<(f64, f64)>) {
        let (read, run) = read(&format!("{text}{BEHIND}"));
        let expected = expected.map(|(lon, lat)| Position::new(lon, lat).expect("in range"));
        assert_eq!(read, expected.into_iter().collect::<Vec<_>>(), "{text}");
        assert_eq!(run.length_bytes, if expected.is_some() { text.len() } else { 0 }, "{text}");
    }

    #[test]
    fn only_plain_pairs_go_the_fast_way() {
        check("[120.98,14.6]", Some((120.98, 14.6)));
        check("[ -0.0 ,\t0 ]", Some((0.0, 0.0)));
        check("[\r\n-180,\n-90.0000000000000000\n]", Some((-180.0, -90.0)));
        check("[0.12345678901234567890,1]", Some((0.123_456_8, 1.0)));
        for other in [
            "[1,2,3]",
            "[1]",
            "[1e2,3]",
            "[01,2]",
            "[1.,2]",
            "[.5,2]",
            "[\"1\",2]",
            "[1,2;",
            "[]",
            "[-,1]",
            "[--1,1]",
            "[180.0000001,1]",
            "[180.000000000000001,1]",
            "[1,90.00000001]",
            "[1,-91]",
            "[1000,1]",
            "[1.23456785,1]",
            "[1.2345678/,1]",
            "[1:,1]",
        ] {
            check(other, None);
        }
    }

    #[test]
    fn a_run_ends_at_what_is_no_pair_and_counts_the_lines_before() {
        let (read, run) = read("[1,2],\n[3,4]\n,[5,6,7],[8,9]");
        assert_eq!(read.len(), 2);
        assert_eq!(run, Run { count: 2, length_bytes: 12, lines: 1 });
        let mut few = Vec::new();
        assert_eq!(positions(b"[1,2],[3,4],[5,6]", 1, &mut few), Run { count: 1, length_bytes: 5, lines: 0 });
    }

    #[test]
    fn a_form_that_was_read_once_fits_nothing_but_itself() {
        let first = "[113.1234567,34.12]";
        for (second, count) in [
            ("[113.7654321,34.98]", 2),
            ("[113.76543,34.9876543]", 2),
            ("[-113.7654321,-34.98]", 2),
            ("[11.37654321,3.498]", 2),
            ("[113.7654321,34.9 ]", 2),
            ("[113.7654321 ,34.98]", 2),
            ("[113,34]", 2),
            ("[113.76543210,34.98]", 2),
            ("[113.,34.98]", 1),
            ("[113.7654321,34.]", 1),
            ("[113.76543:1,34.98]", 1),
            ("[113.7654321,34.98;", 1),
            ("[113.7654321;34.98]", 1),
            ("[913.7654321,34.98]", 1),
        ] {
            let (read, run) = read(&format!("{first},{second},[1,2,3]"));
            assert_eq!((read.len(), run.count), (count, count), "{second}");
            if count == 2 {
                let numbers = second.trim_matches(['[', ']']).split_once(',').expect("two numbers");
                let [lon, lat] =
                    [numbers.0, numbers.1].map(|number| number.trim().parse().expect("a number"));
                assert_eq!(Ok(read[1]), Position::new(lon, lat), "{second}");
            }
        }
        let after_many_decimals = read("[113.123456789,34.5],[113.,34.5],[1,2]");
        assert_eq!(after_many_decimals.1.count, 1);
    }

    fn agrees(lon: &str, lat: &str) -> Result<(), TestCaseError> {
        let (read, _) = read(&format!("[{lon},{lat}]{BEHIND}"));
        if let [position] = read[..] {
            let slow = Position::new(lon.parse().expect("a number"), lat.parse().expect("a number"));
            prop_assert_eq!(Ok(position), slow, "{}, {}", lon, lat);
        }
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn decimals_of_any_length_are_rounded_as_the_standard_library_and_position_round_them(
            lon in "-?(0|[1-9][0-9]{0,2})(\\.[0-9]{1,25})?([eE][+-]?[0-9]{1,2})?",
            lat in "-?(0|[1-9][0-9]?)(\\.[0-9]{1,25})?",
        ) {
            agrees(&lon, &lat)?;
        }

        #[test]
        fn seven_decimals_or_fewer_always_go_the_fast_way(
            lon_e7 in -1_800_000_000..=1_800_000_000_i32,
            lat_e7 in -900_000_000..=900_000_000_i32,
            decimals in 0..=7_usize,
        ) {
            let text = |units: i32| {
                let text = format!("{}{:08}", if units < 0 { "-" } else { "" }, units.unsigned_abs());
                let (whole, fraction) = text.split_at(text.len() - 7);
                if decimals == 0 { whole.to_owned() } else { format!("{whole}.{}", &fraction[..decimals]) }
            };
            let (lon, lat) = (text(lon_e7), text(lat_e7));
            let (read, _) = read(&format!("[{lon},{lat}]{BEHIND}"));
            prop_assert_eq!(read.len(), 1, "{}, {}", lon, lat);
            agrees(&lon, &lat)?;
        }

        #[test]
        fn what_lies_about_half_a_unit_is_rounded_as_the_doubles_round_it(
            whole in 0..180_u32,
            seven in 0..10_000_000_u32,
            off in -3_000..=3_000_i64,
            behind in "[0-9]{0,6}",
        ) {
            let half = 500_000_000 + off;
            agrees(&format!("{whole}.{seven:07}{half:09}{behind}"), &format!("-{}.{seven:07}5{behind}", whole / 2))?;
        }
    }
}
