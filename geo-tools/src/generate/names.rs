//! Invented Chinese names, each once.

use crate::generate::random::Random;

const PARTS: &str = include_str!("names.txt");
const READINGS: &str = include_str!("pinyin.txt");

/// Names of villages that do not repeat: 王家庄, 莲花湾.
pub(crate) fn village_names(count: usize, random: &mut Random) -> Vec<String> {
    names("village", count, random)
}

/// Names of streets that do not repeat, without their 路 or 街: 文华, 永兴.
pub(crate) fn street_names(count: usize, random: &mut Random) -> Vec<String> {
    names("street", count, random)
}

fn names(kind: &str, count: usize, random: &mut Random) -> Vec<String> {
    let (heads, tails) = (parts(&format!("{kind}-heads: ")), parts(&format!("{kind}-tails: ")));
    let pairs = heads.iter().flat_map(|head| tails.iter().map(move |tail| (*head, *tail)));
    let mut pairs: Vec<(&str, &str)> = pairs.filter(|(head, tail)| head != tail).collect();
    random.draw(&mut pairs, count);
    let name = |at: usize| {
        let (head, tail) = pairs[at % pairs.len()];
        // Beyond what the parts give, a number keeps names apart.
        let round = at / pairs.len();
        if round == 0 {
            format!("{head}{tail}")
        } else {
            format!("{head}{tail}{}", chinese_number(round + 1))
        }
    };
    (0..count).map(name).collect()
}

fn parts(label: &str) -> Vec<&'static str> {
    PARTS.lines().find_map(|line| line.strip_prefix(label)).unwrap_or_default().split(' ').collect()
}

/// How a name is written in Latin letters: 崔家坡 is Cuijiapo. A sign whose reading is not known stays.
pub(crate) fn in_pinyin(name: &str) -> String {
    let read: String = name.chars().map(|sign| reading(sign).unwrap_or_else(|| sign.to_string())).collect();
    let mut letters = read.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn reading(sign: char) -> Option<String> {
    let mut words = READINGS.lines().filter(|line| !line.starts_with('#')).flat_map(|line| line.split(' '));
    words.find(|word| word.starts_with(sign))?;
    words.next().map(str::to_owned)
}

/// A whole number below ten thousand as Chinese writes it: 一, 十二, 一百零三.
pub(crate) fn chinese_number(number: usize) -> String {
    const DIGITS: [&str; 10] = ["零", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
    let mut text = String::new();
    let mut skipped = false;
    for (unit, name) in [(1000, "千"), (100, "百"), (10, "十"), (1, "")] {
        let digit = number / unit % 10;
        if digit == 0 {
            skipped = !text.is_empty();
            continue;
        }
        if skipped {
            text.push_str(DIGITS[0]);
        }
        skipped = false;
        if !(unit == 10 && digit == 1 && text.is_empty()) {
            text.push_str(DIGITS[digit]);
        }
        text.push_str(name);
    }
    if text.is_empty() { DIGITS[0].to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::generate::random::Purpose;

    #[test]
    fn names_do_not_repeat_even_where_there_are_more_than_the_parts_give() {
        let mut random = Random::new(1, Purpose::Names);
        for names in [village_names(5_000, &mut random), street_names(5_000, &mut random)] {
            assert_eq!(names.iter().collect::<HashSet<_>>().len(), 5_000);
        }
    }

    #[test]
    fn every_sign_of_a_name_has_a_reading() {
        assert_eq!(in_pinyin("崔家坡"), "Cuijiapo");
        let mut random = Random::new(1, Purpose::Names);
        let mut names = village_names(2_000, &mut random);
        names.extend(street_names(1_000, &mut random));
        let read = |name: &String| in_pinyin(name).chars().all(|letter| letter.is_ascii_alphabetic());
        assert_eq!(names.iter().find(|name| !read(name)), None);
    }

    #[test]
    fn numbers_are_written_as_chinese_writes_them() {
        let check = |number: usize, expected: &str| assert_eq!(chinese_number(number), expected);
        check(0, "零");
        check(7, "七");
        check(10, "十");
        check(12, "十二");
        check(20, "二十");
        check(101, "一百零一");
        check(110, "一百一十");
        check(1003, "一千零三");
        check(1030, "一千零三十");
    }
}
