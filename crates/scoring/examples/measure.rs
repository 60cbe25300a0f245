use protocol::scoring::*;
use scoring::*;
use std::time::Instant;
fn time<T>(name: &str, f: impl FnOnce() -> T) -> T {
    let b = Instant::now();
    let r = f();
    println!("{name}: {:?}", b.elapsed());
    r
}
fn main() {
    let long = "the quick brown fox jumps, over 1,234 lazy dogs! ".repeat(2000);
    for short in [
        "bleu:a",
        "chrf:a",
        "rouge_l:a",
        "rouge_l:a:porter",
        "numeric:a",
        "choice:a",
        "exact:a:case,punctuation,articles,unicode",
        "contains:a",
    ] {
        let s = Scorer::compile(&short.parse().unwrap()).unwrap();
        let r = if short.starts_with("choice") { "B".to_owned() } else { long.clone() };
        time(&format!("{short} 100kB"), || s.score(&Row { answer: &long, reference: Some(&r), question: None }));
    }
    let ab: String = (0..256 * 1024u64)
        .map(|i| if (i.wrapping_mul(0x9E3779B97F4A7C15) >> 40) & 1 == 0 { 'a' } else { 'b' })
        .collect();
    for p in [
        r"[ab]*a[ab]{1000}c",
        r"[ab]*a[ab]{3000}c",
        r"[ab]*a[ab]{6000}c",
        r"(\w{1,20}){1,3}c",
        r"(a?){2000}a{2000}c",
        r"((a|b)?){3000}c$",
        r"(.*)(.*)(.*)(.*)(.*)(.*)(.*)c",
        r"(a|b|ab|ba|aab)*?(a|b){500}c",
    ] {
        let m = Metric::Regex(Pattern { pattern: Some(p.to_owned()) });
        match time(&format!("compile {p}"), || Scorer::compile(&Scoring { name: None, reference: None, metric: m })) {
            Ok(s) => {
                time(&format!("match {p}"), || s.score(&Row { answer: &ab, reference: None, question: None }));
            }
            Err(e) => println!("{p}: {e}"),
        }
    }
    for n in [1000usize, 4096, 100_000] {
        for (k, short) in [(MetricKind::Exact, "exact:a"), (MetricKind::Bleu, "bleu:a"), (MetricKind::Chrf, "chrf:a")] {
            let s = Scorer::compile(&short.parse().unwrap()).unwrap();
            let rows: Vec<RowScore> = (0..n)
                .map(|i| {
                    let a = format!("the row number {i} is {} here and there", i % 7);
                    let r = format!("the row {i} of them is {} here and not there", i % 3);
                    s.score(&Row { answer: &a, reference: Some(&r), question: None })
                })
                .collect();
            time(&format!("aggregate {short} {n}"), || aggregate(k, &rows));
            time(&format!("compare {short} {n}"), || compare(k, rows.iter().zip(rows.iter())));
        }
    }
}
