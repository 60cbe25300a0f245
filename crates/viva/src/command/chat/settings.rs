//! The parameters of generation, with their bounds.

use serde_json::{Map, Value, json};

use crate::{
    cli::SamplingArgs,
    failure::Failure,
    output::{Cell, Column, Paint, Style, Table},
};

/// What a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Range {
    /// From the first to the second.
    Number(f64, f64),
    /// Above 0, up to this.
    Above0(f64),
    Whole(i64, i64),
    Texts,
}

#[derive(Debug)]
struct Parameter {
    name: &'static str,
    range: Range,
    default: &'static str,
    meaning: &'static str,
}

const fn parameter(name: &'static str, range: Range, default: &'static str, meaning: &'static str) -> Parameter {
    Parameter { name, range, default, meaning }
}

/// The bounds are the API's.
const PARAMETERS: &[Parameter] = &[
    parameter("temperature", Range::Number(0.0, 2.0), "1", "0 takes the likeliest token each time"),
    parameter("top_p", Range::Above0(1.0), "1", "keeps the likeliest tokens up to this share"),
    parameter("top_k", Range::Whole(0, 1_000_000), "0", "keeps this many tokens; 0: all"),
    parameter("min_p", Range::Number(0.0, 1.0), "0", "drops tokens below this part of the likeliest"),
    parameter("max_tokens", Range::Whole(0, 8192), "to the end of the context", "most tokens of an answer"),
    parameter("seed", Range::Whole(i64::MIN, i64::MAX), "drawn", "repeats an answer, where nothing else runs"),
    parameter("stop", Range::Texts, "none", "texts that end the answer, with spaces between"),
    parameter("presence_penalty", Range::Number(-2.0, 2.0), "0", "against tokens that were there"),
    parameter("frequency_penalty", Range::Number(-2.0, 2.0), "0", "against tokens that were there often"),
    parameter("repetition_penalty", Range::Above0(2.0), "1", "divides the score of tokens that were there"),
];

/// Most stop strings, and most bytes of one.
const MAX_STOPS: usize = 16;
const MAX_STOP_BYTES: usize = 1024;

/// The parameters that are not at their default.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Settings {
    set: Map<String, Value>,
}

impl Settings {
    /// The parameters of the command line.
    ///
    /// # Errors
    /// One is out of its bounds: a matter of usage.
    pub(super) fn from_args(args: &SamplingArgs) -> anyhow::Result<Self> {
        let mut settings = Self::default();
        let flags = [
            ("temperature", &args.temperature),
            ("top_p", &args.top_p),
            ("top_k", &args.top_k),
            ("min_p", &args.min_p),
            ("max_tokens", &args.max_tokens),
            ("seed", &args.seed),
            ("presence_penalty", &args.presence_penalty),
            ("frequency_penalty", &args.frequency_penalty),
            ("repetition_penalty", &args.repetition_penalty),
        ];
        for (name, value) in flags {
            if let Some(value) = value {
                let parameter = find(name)?;
                let value = parse(parameter, value).map_err(Failure::usage)?;
                settings.set.insert(name.to_owned(), value);
            }
        }
        if !args.stop.is_empty() {
            let stops =
                checked_stops(args.stop.iter().map(|text| unescaped(text)).collect()).map_err(Failure::usage)?;
            settings.set.insert("stop".to_owned(), stops);
        }
        Ok(settings)
    }

    /// Takes over the parameters of an earlier request that are not set here.
    pub(super) fn fill_from(&mut self, request: &Value) {
        for parameter in PARAMETERS {
            if let Some(value) = request.get(parameter.name).filter(|value| !value.is_null()) {
                self.set.entry(parameter.name).or_insert_with(|| value.clone());
            }
        }
    }

    /// Sets a parameter, or with an empty value its default; answers what holds now.
    ///
    /// # Errors
    /// There is no such parameter, or the value is out of its bounds.
    pub(super) fn set(&mut self, name: &str, value: &str) -> anyhow::Result<String> {
        let parameter = find(name)?;
        if value.is_empty() || value == "default" {
            self.set.remove(parameter.name);
            return Ok(format!("{} is at its default: {}.", parameter.name, parameter.default));
        }
        let value = parse(parameter, value).map_err(Failure::new)?;
        let text = format!("{} is {value}.", parameter.name);
        self.set.insert(parameter.name.to_owned(), value);
        Ok(text)
    }

    /// The fields of a request.
    pub(super) const fn fields(&self) -> &Map<String, Value> {
        &self.set
    }

    /// All parameters with what holds and their bounds.
    pub(super) fn table(&self, style: Style, width: usize) -> String {
        let mut table = Table::new([
            Column::new("PARAMETER"),
            Column::new("VALUE").flexible(8),
            Column::new("BOUNDS"),
            Column::new("MEANING").flexible(10).optional(1),
        ]);
        for parameter in PARAMETERS {
            let value = match self.set.get(parameter.name) {
                Some(value) => Cell::painted(value.to_string(), Paint::Bold),
                None => Cell::painted(parameter.default, Paint::Dim),
            };
            table.row([
                Cell::new(parameter.name),
                value,
                Cell::new(bounds(parameter.range)),
                Cell::new(parameter.meaning),
            ]);
        }
        table.render(style, width).trim_end().to_owned()
    }
}

/// The value of a parameter that is known here, within its bounds; `None` of another.
///
/// # Errors
/// It is out of them.
pub(in crate::command) fn known_value(name: &str, text: &str) -> Result<Option<Value>, String> {
    let parameter = PARAMETERS.iter().find(|parameter| parameter.name == name);
    parameter.map(|parameter| parse(parameter, text)).transpose()
}

fn find(name: &str) -> anyhow::Result<&'static Parameter> {
    let wanted = name.to_lowercase().replace('-', "_");
    PARAMETERS
        .iter()
        .find(|parameter| parameter.name == wanted)
        .ok_or_else(|| Failure::new(format!("there is no parameter `{name}`")).hint("/set alone shows them all").into())
}

fn bounds(range: Range) -> String {
    match range {
        Range::Number(least, most) => format!("{least} to {most}"),
        Range::Above0(most) => format!("above 0, up to {most}"),
        Range::Whole(i64::MIN, i64::MAX) => "a whole number".into(),
        Range::Whole(least, most) => format!("{least} to {most}"),
        Range::Texts => format!("at most {MAX_STOPS} texts"),
    }
}

/// The value, within its bounds.
fn parse(parameter: &Parameter, text: &str) -> Result<Value, String> {
    let out = || format!("{} must be {}, not {text}", parameter.name, bounds(parameter.range));
    match parameter.range {
        Range::Number(least, most) => {
            let number: f64 = text.parse().map_err(|_| out())?;
            if (least..=most).contains(&number) { Ok(json!(number)) } else { Err(out()) }
        }
        Range::Above0(most) => {
            let number: f64 = text.parse().map_err(|_| out())?;
            if number > 0.0 && number <= most { Ok(json!(number)) } else { Err(out()) }
        }
        Range::Whole(least, most) => {
            let number: i64 = text.parse().map_err(|_| out())?;
            if (least..=most).contains(&number) { Ok(json!(number)) } else { Err(out()) }
        }
        Range::Texts => checked_stops(text.split_whitespace().map(unescaped).collect()),
    }
}

fn checked_stops(texts: Vec<String>) -> Result<Value, String> {
    if texts.len() > MAX_STOPS {
        return Err(format!("stop takes at most {MAX_STOPS} texts, not {}", texts.len()));
    }
    if texts.iter().any(|text| text.is_empty() || text.len() > MAX_STOP_BYTES) {
        return Err(format!("a stop text has 1 to {MAX_STOP_BYTES} bytes"));
    }
    Ok(json!(texts))
}

/// `\n` and `\t` as they are meant; `\s` is a space, which otherwise separates.
fn unescaped(text: &str) -> String {
    text.replace("\\n", "\n").replace("\\t", "\t").replace("\\s", " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_kept_and_named() {
        let mut settings = Settings::default();
        assert_eq!(settings.set("temperature", "0.3").unwrap(), "temperature is 0.3.");
        assert_eq!(settings.set("top-p", "1").unwrap(), "top_p is 1.0.");
        assert_eq!(settings.set("stop", r"\n #").unwrap(), r##"stop is ["\n","#"]."##);
        assert_eq!(settings.fields().len(), 3);
        for (name, value) in [
            ("temperature", "2.1"),
            ("temperature", "hot"),
            ("temperature", "NaN"),
            ("top_p", "0"),
            ("max_tokens", "8193"),
            ("max_tokens", "1.5"),
            ("presence_penalty", "-2.5"),
            ("repetition_penalty", "0"),
        ] {
            let error = settings.set(name, value).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains(value), "{error}");
        }
        assert_eq!(settings.set("temperature", "2.1").unwrap_err().to_string(), "temperature must be 0 to 2, not 2.1");
        assert!(settings.set("wisdom", "1").is_err());
        settings.set("temperature", "").unwrap();
        assert!(!settings.fields().contains_key("temperature"));
    }

    #[test]
    fn flags_out_of_bounds_are_a_matter_of_usage() {
        let args = SamplingArgs { temperature: Some("2.1".into()), ..SamplingArgs::default() };
        let error = Settings::from_args(&args).unwrap_err();
        assert_eq!(crate::failure::exit_status(&error), 2);
        let args = SamplingArgs { seed: Some("-7".into()), stop: vec!["END OF".into()], ..SamplingArgs::default() };
        let settings = Settings::from_args(&args).unwrap();
        assert_eq!(Value::Object(settings.fields().clone()), json!({"seed": -7, "stop": ["END OF"]}));
    }

    #[test]
    fn the_table_fits() {
        for width in [60, 80, 120] {
            let text = Settings::default().table(Style::Plain, width);
            assert!(text.lines().all(|line| crate::output::width_of(line) <= width), "{text}");
        }
    }
}
