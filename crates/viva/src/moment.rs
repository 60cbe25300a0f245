//! Durations and times as people write and read them.

use jiff::{Span, SpanRelativeTo, Timestamp, Zoned, civil::Time};

/// Seconds of a duration such as `90s`, `30m`, `1h30m` or `1 day`, at least 1.
///
/// # Errors
/// What is wrong with the text.
pub(crate) fn parse_duration(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let example = "write it as `90s`, `30m` or `1h30m`";
    if !text.is_empty() && text.chars().all(|c| c.is_ascii_digit()) {
        return Err(format!("the unit is missing: `{text}s` or `{text}m`?"));
    }
    let span: Span = text.parse().map_err(|_| format!("this is no duration; {example}"))?;
    let duration = span
        .to_duration(SpanRelativeTo::days_are_24_hours())
        .map_err(|_| format!("months and years have no fixed length; {example}"))?;
    match u64::try_from(duration.as_secs()) {
        Ok(seconds) if seconds > 0 => Ok(seconds),
        Ok(_) | Err(_) => Err("the duration must be 1 second or more".into()),
    }
}

/// A time to stop at: `18:00` (the next one, local time), `2030-01-31 18:00` (local time) or RFC 3339.
///
/// # Errors
/// What is wrong with the text.
pub(crate) fn parse_until(text: &str) -> Result<Timestamp, String> {
    parse_until_from(text, &Zoned::now())
}

fn parse_until_from(text: &str, now: &Zoned) -> Result<Timestamp, String> {
    let text = text.trim();
    if let Ok(at) = text.parse::<Timestamp>() {
        return future(at, now);
    }
    // A bare clock time; jiff takes `18` for one, too, which says too little.
    if text.contains(':') && !text.contains(['-', 'T', ' ']) {
        let time: Time = text.parse().map_err(|_| format!("`{text}` is no time of day; write it as `18:00`"))?;
        return next(time, now).ok_or_else(|| format!("`{text}` cannot be found in the calendar"));
    }
    let civil: jiff::civil::DateTime = text
        .replacen(' ', "T", 1)
        .parse()
        .map_err(|_| "this is no time; write it as `18:00` or `2030-01-31T18:00:00Z`".to_owned())?;
    let zoned = civil.to_zoned(now.time_zone().clone()).map_err(|_| "the time is out of range".to_owned())?;
    future(zoned.timestamp(), now)
}

/// The next time that the clock shows this, today or tomorrow.
fn next(time: Time, now: &Zoned) -> Option<Timestamp> {
    let today = now.date().to_datetime(time).to_zoned(now.time_zone().clone()).ok()?;
    let zoned = if today > *now {
        today
    } else {
        now.date().tomorrow().ok()?.to_datetime(time).to_zoned(now.time_zone().clone()).ok()?
    };
    Some(zoned.timestamp())
}

fn future(at: Timestamp, now: &Zoned) -> Result<Timestamp, String> {
    if at > now.timestamp() { Ok(at) } else { Err("the time has passed already".into()) }
}

/// `2h 05m`, `14m`, `1m 20s`, `45s`, `3d 04h`: two units at most, and none that says nothing.
pub(crate) fn humane(seconds: u64) -> String {
    let (days, hours, minutes, rest) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{rest}s"),
        (0, 0, minutes) if minutes < 10 && rest > 0 => format!("{minutes}m {rest:02}s"),
        (0, 0, minutes) => format!("{minutes}m"),
        (0, hours, 0) => format!("{hours}h"),
        (0, hours, minutes) => format!("{hours}h {minutes:02}m"),
        (days, 0, _) => format!("{days}d"),
        (days, hours, _) => format!("{days}d {hours:02}h"),
    }
}

/// Seconds from now to then; 0 where it has passed.
pub(crate) fn seconds_until(at: Timestamp, now: Timestamp) -> u64 {
    u64::try_from(at.duration_since(now).as_secs()).unwrap_or(0)
}

/// A time as the local clock shows it: with the date where that is not today.
pub(crate) fn local(at: Timestamp) -> String {
    let zoned = at.to_zoned(jiff::tz::TimeZone::system());
    let today = Zoned::now().date() == zoned.date();
    zoned.strftime(if today { "%H:%M:%S" } else { "%Y-%m-%d %H:%M" }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        for (text, seconds) in [
            ("90s", 90),
            ("30m", 1800),
            ("1h30m", 5400),
            ("1h 30m", 5400),
            ("2 hours", 7200),
            ("1d", 86_400),
            ("PT5M", 300),
        ] {
            assert_eq!(parse_duration(text), Ok(seconds), "{text}");
        }
        for text in ["", "30", "0s", "-5m", "soon", "1y", "1mo", "200ms", "99999999999999999999s", "m"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
        assert!(parse_duration("30").unwrap_err().contains("`30m`"));
    }

    #[test]
    fn a_time_of_day_is_the_next_one() {
        let now: Zoned = "2030-05-06T17:30:00+02:00[Europe/Berlin]".parse().unwrap();
        let at = |text: &str| parse_until_from(text, &now).map(|at| at.to_string());
        assert_eq!(at("18:00").as_deref(), Ok("2030-05-06T16:00:00Z"));
        assert_eq!(at("17:30").as_deref(), Ok("2030-05-07T15:30:00Z"));
        assert_eq!(at("08:15:30").as_deref(), Ok("2030-05-07T06:15:30Z"));
        assert_eq!(at("2030-05-06 20:00").as_deref(), Ok("2030-05-06T18:00:00Z"));
        assert_eq!(at("2030-05-06T20:00:00Z").as_deref(), Ok("2030-05-06T20:00:00Z"));
        assert_eq!(at("2030-05-06T22:00:00+05:30").as_deref(), Ok("2030-05-06T16:30:00Z"));
        for text in ["", "18", "25:00", "tomorrow", "2030-05-06T10:00:00Z", "2029-01-01 10:00", "18:00:99x"] {
            assert!(at(text).is_err(), "{text}");
        }
    }

    #[test]
    fn durations_are_told_in_two_units_at_most() {
        for (seconds, text) in [
            (0, "0s"),
            (45, "45s"),
            (60, "1m"),
            (80, "1m 20s"),
            (850, "14m"),
            (3600, "1h"),
            (7500, "2h 05m"),
            (86_400, "1d"),
            (273_600, "3d 04h"),
        ] {
            assert_eq!(humane(seconds), text);
        }
    }
}
