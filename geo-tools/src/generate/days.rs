//! Days and times of day in China, as text with their offset. No clock: whoever asks says which day it is.

/// A day of the Gregorian calendar, counted from 1970-01-01.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Day(i32);

impl Day {
    /// Reads a day as `2026-06-30`, from 1970 to 9999.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-').map(|part| part.parse::<i32>().ok());
        let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
        if parts.next().is_some() || !(1970..=9999).contains(&year) {
            return None;
        }
        // Days before the month of a year that begins in March, so that the leap day is its last.
        let shifted = year - i32::from(month <= 2);
        let era_days = shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400;
        let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        let found = Self(era_days + of_year - 719_468);
        (found.to_string() == text).then_some(found)
    }

    /// The day so many days before.
    #[must_use]
    pub fn before(self, days: i32) -> Self {
        Self(self.0 - days)
    }

    /// 0 is Monday.
    pub(crate) fn weekday(self) -> i32 {
        (self.0 + 3).rem_euclid(7)
    }
}

impl std::fmt::Display for Day {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let days = self.0 + 719_468;
        let era = days.div_euclid(146_097);
        let of_era = days.rem_euclid(146_097);
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = year_of_era + era * 400 + i32::from(month <= 2);
        write!(formatter, "{year:04}-{month:02}-{day:02}")
    }
}

/// A minute of China Standard Time, counted from 1970-01-01 00:00 there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Minute(i64);

impl Minute {
    pub(crate) fn of(day: Day, minute_of_day: u32) -> Self {
        Self(i64::from(day.0) * 1440 + i64::from(minute_of_day))
    }

    pub(crate) fn after(self, minutes: u32) -> Self {
        Self(self.0 + i64::from(minutes))
    }
}

impl std::fmt::Display for Minute {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (day, minute) = (self.0.div_euclid(1440), self.0.rem_euclid(1440));
        write!(formatter, "{}T{:02}:{:02}:00+08:00", Day(day as i32), minute / 60, minute % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_reads_back_as_it_is_written_and_knows_its_weekday() {
        for text in ["1970-01-01", "2000-02-29", "2026-06-30", "2026-12-31", "2100-03-01"] {
            assert_eq!(Day::parse(text).expect("a day").to_string(), text);
        }
        for text in
            ["2026-02-29", "2026-13-01", "2026-1-1", "1969-12-31", "today", "2026-01-01-01", "2026-00-01"]
        {
            assert_eq!(Day::parse(text), None, "{text}");
        }
        let monday = Day::parse("2026-06-29").expect("a day");
        assert_eq!(monday.weekday(), 0);
        assert_eq!(monday.before(181).to_string(), "2025-12-30");
        assert_eq!(Minute::of(monday, 8 * 60 + 5).after(1440).to_string(), "2026-06-30T08:05:00+08:00");
    }
}
