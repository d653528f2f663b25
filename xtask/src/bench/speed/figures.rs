//! The figures of one server over all rounds.

use std::collections::BTreeMap;

use serde_json::Value;

/// A figure's values, a value for each round, by its name; and the unit of each.
#[derive(Debug, Default)]
pub(super) struct Figures(BTreeMap<String, (Vec<f64>, String)>);

impl Figures {
    /// Reads what `bench.py` prints: a JSON object a line.
    pub(super) fn read(printed: &str) -> Option<Self> {
        let mut figures = Self::default();
        for line in printed.lines().filter(|line| !line.starts_with('#')) {
            let row: Value = serde_json::from_str(line).ok()?;
            let (name, unit) = (row.get("name")?.as_str()?, row.get("unit")?.as_str()?);
            figures.0.insert(name.to_owned(), (vec![row.get("value")?.as_f64()?], unit.to_owned()));
        }
        Some(figures)
    }

    /// Adds another round.
    pub(super) fn add(&mut self, round: Self) {
        for (name, (values, unit)) in round.0 {
            self.0.entry(name).or_insert_with(|| (Vec::new(), unit)).0.extend(values);
        }
    }

    /// The median of a figure.
    pub(super) fn median(&self, name: &str) -> Option<f64> {
        let mut values = self.0.get(name)?.0.clone();
        values.sort_by(f64::total_cmp);
        let upper = *values.get(values.len() / 2)?;
        if values.len() % 2 == 1 {
            return Some(upper);
        }
        Some(f64::midpoint(*values.get(values.len() / 2 - 1)?, upper))
    }

    /// The unit of a figure.
    pub(super) fn unit(&self, name: &str) -> Option<&str> {
        Some(&self.0.get(name)?.1)
    }

    /// The names of all figures.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// All medians, a line each.
    pub(super) fn line(&self) -> String {
        let lines: Vec<String> = self
            .names()
            .filter_map(|name| {
                Some(format!("{name} {:.3} {}", self.median(name)?, self.unit(name)?))
            })
            .collect();
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounds(values: &[f64]) -> Figures {
        let mut all = Figures::default();
        for value in values {
            let line = format!(r#"{{"name": "tags_put", "value": {value}, "unit": "1/s"}}"#);
            all.add(Figures::read(&line).unwrap());
        }
        all
    }

    #[test]
    fn the_median_is_that_of_the_rounds_and_not_of_their_order() {
        assert_eq!(rounds(&[5.0, 1.0, 3.0]).median("tags_put"), Some(3.0));
        assert_eq!(rounds(&[4.0, 1.0]).median("tags_put"), Some(2.5));
        assert_eq!(rounds(&[4.0]).unit("tags_put"), Some("1/s"));
        assert_eq!(rounds(&[]).median("tags_put"), None);
    }

    #[test]
    fn what_is_no_figure_is_not_read_as_none() {
        assert!(Figures::read("Traceback (most recent call last):").is_none());
        assert!(Figures::read("# no catalog for this credential\n").is_some());
    }
}
