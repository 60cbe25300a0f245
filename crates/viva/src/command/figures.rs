//! Figures as people read them.

/// Bytes with a binary unit: `0 B`, `512 B`, `7.6 MiB`.
pub(super) fn bytes(count: u64) -> String {
    const UNITS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let (mut value, mut unit) = (count as f64, 0);
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let name = UNITS.get(unit).copied().unwrap_or("B");
    if unit == 0 || value >= 100.0 { format!("{value:.0} {name}") } else { format!("{value:.1} {name}") }
}

/// A count, shortened: `950`, `12.3k`, `4.5M`, `1.1B`.
pub(super) fn count(count: u64) -> String {
    let value = count as f64;
    let (value, unit) = match count {
        0..10_000 => return count.to_string(),
        10_000..1_000_000 => (value / 1e3, "k"),
        1_000_000..1_000_000_000 => (value / 1e6, "M"),
        _ => (value / 1e9, "B"),
    };
    if value >= 100.0 { format!("{value:.0}{unit}") } else { format!("{value:.1}{unit}") }
}

/// `1 completion`, `2 completions`.
pub(super) fn counted(number: u64, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}

/// Milliseconds: `85 ms`, `1.2 s`, `2m 05s`.
pub(super) fn milliseconds(value: f64) -> String {
    match value {
        value if value < 1000.0 => format!("{value:.0} ms"),
        value if value < 60_000.0 => format!("{:.1} s", value / 1000.0),
        value => crate::moment::humane((value / 1000.0).round() as u64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short() {
        assert_eq!(
            [0, 512, 7_969_177, 500 << 20, 3 << 40].map(bytes),
            ["0 B", "512 B", "7.6 MiB", "500 MiB", "3.0 TiB"]
        );
        assert_eq!([950, 12_345, 4_500_000, 1_100_000_000].map(count), ["950", "12.3k", "4.5M", "1.1B"]);
        assert_eq!([1, 2].map(|n| counted(n, "file")), ["1 file", "2 files"]);
        assert_eq!([85.2, 1234.0, 125_000.0].map(milliseconds), ["85 ms", "1.2 s", "2m 05s"]);
    }
}
