//! The one shape that nearly every byte of a large file has, `[12.3456789,47.1234567]`, read without looking back.

/// Powers of ten that a double holds exactly.
const EXACT_POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];

/// Reads `[lon,lat]` at the start of `bytes`, blanks allowed: the two numbers, bit for bit as `str::parse` reads
/// them, and the length. `None` for everything else, which is not said to be wrong: the slow way looks at it.
pub(super) fn fast_pair(bytes: &[u8]) -> Option<(f64, f64, usize)> {
    let (lon, at) = number(bytes, blanks(bytes, 1))?;
    let at = blanks(bytes, at);
    if *bytes.get(at)? != b',' {
        return None;
    }
    let (lat, at) = number(bytes, blanks(bytes, at + 1))?;
    let at = blanks(bytes, at);
    (*bytes.get(at)? == b']').then_some((lon, lat, at + 1))
}

fn blanks(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at) == Some(&b' ') {
        at += 1;
    }
    at
}

/// A plain decimal number whose digits a double holds exactly; what follows it is the caller's to check.
fn number(bytes: &[u8], start: usize) -> Option<(f64, usize)> {
    let negative = *bytes.get(start)? == b'-';
    let mut at = start + usize::from(negative);
    let first = at;
    let mut mantissa = 0u64;
    let mut digits = |at: &mut usize| {
        let from = *at;
        while let Some(digit) = bytes.get(*at).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit <= 9)
        {
            mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(digit));
            *at += 1;
        }
        *at - from
    };
    let whole = digits(&mut at);
    if whole == 0 || (whole > 1 && bytes[first] == b'0') {
        return None;
    }
    let mut fraction = 0;
    if bytes.get(at) == Some(&b'.') {
        at += 1;
        fraction = digits(&mut at);
        if fraction == 0 {
            return None;
        }
    }
    // With at most 19 digits nothing has wrapped; up to 2^53 the mantissa is exact, and so is the power of ten:
    // one division then rounds once, as the decimal number itself would be rounded (Clinger 1990).
    if whole + fraction > 19 || mantissa > 1 << 53 {
        return None;
    }
    let value = mantissa as f64 / EXACT_POWERS.get(fraction)?;
    Some((if negative { -value } else { value }, at))
}

#[cfg(test)]
mod tests {
    use super::fast_pair;

    fn check(text: &str, expected: Option<(f64, f64)>) {
        let read =
            fast_pair(text.as_bytes()).map(|(lon, lat, length)| (lon.to_bits(), lat.to_bits(), length));
        let expected = expected.map(|(lon, lat)| (lon.to_bits(), lat.to_bits(), text.len()));
        assert_eq!(read, expected, "{text}");
    }

    #[test]
    fn only_plain_pairs_go_the_fast_way() {
        check("[120.98,14.6]", Some((120.98, 14.6)));
        check("[ -0.0 , 0 ]", Some((-0.0, 0.0)));
        for other in
            ["[1,2,3]", "[1]", "[1e2,3]", "[01,2]", "[1.,2]", "[.5,2]", "[\"1\",2]", "[1,2", "[]", "[-,1]"]
        {
            check(other, None);
        }
        check("[0.12345678901234567890,1]", None);
    }

    proptest::proptest! {
        #[test]
        fn the_fast_way_reads_the_same_bits_as_the_standard_library(
            lon in "-?(0|[1-9][0-9]{0,3})(\\.[0-9]{1,17})?",
            lat in "-?(0|[1-9][0-9]{0,3})(\\.[0-9]{1,17})?",
        ) {
            let text = format!("[{lon},{lat}]");
            if let Some((fast_lon, fast_lat, _)) = fast_pair(text.as_bytes()) {
                proptest::prop_assert_eq!(fast_lon.to_bits(), lon.parse::<f64>().expect("a number").to_bits());
                proptest::prop_assert_eq!(fast_lat.to_bits(), lat.parse::<f64>().expect("a number").to_bits());
            }
        }
    }
}
