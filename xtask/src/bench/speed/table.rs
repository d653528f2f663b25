//! The table of both, and the bars that it is held against.

use super::figures::Figures;

/// What a figure has to reach.
enum Bar {
    /// So many times what the peer does.
    Times(f64),
    /// At most this part of what the peer takes.
    Part(f64),
    /// So many a second.
    AtLeast(f64),
    /// So many milliseconds.
    AtMost(f64),
}

/// The figures that have a bar, in the order of the table; after them come those without one.
const BARS: [(&str, Bar); 13] = [
    ("manifest_get_tag_c16", Bar::Times(8.0)),
    ("blob_4k_get_c16", Bar::Times(30.0)),
    ("blob_pull_c1", Bar::Times(1.4)),
    ("blob_push_c1", Bar::Times(1.8)),
    ("blob_push_c3", Bar::Times(1.1)),
    ("small_images_pushed", Bar::Times(12.0)),
    ("small_images_pushed_as_docker_does", Bar::Times(12.0)),
    ("images_1m_pushed", Bar::Times(3.0)),
    ("small_images_pulled", Bar::Times(12.0)),
    ("tags_put", Bar::Times(15.0)),
    ("tags_list_last_page", Bar::AtMost(2.0)),
    ("login_per_s", Bar::AtLeast(10_000.0)),
    ("peak_rss", Bar::Part(0.5)),
];

/// The table of both, figure by figure.
pub(super) fn speed(ours: &Figures, theirs: &Figures) -> String {
    let mut lines = vec![
        "| figure | unit | distribution | Naru | ratio | bar | |".to_owned(),
        "|---|---|---|---|---|---|---|".to_owned(),
    ];
    let barred = BARS.iter().map(|(name, bar)| (*name, Some(bar)));
    let others = ours.names().filter(|name| BARS.iter().all(|(barred, _)| barred != name));
    for (name, bar) in barred.chain(others.map(|name| (name, None))) {
        let Some(mine) = ours.median(name) else { continue };
        let unit = ours.unit(name).unwrap_or_default();
        let other = theirs.median(name);
        let ratio = other.filter(|other| *other > 0.0).map(|other| mine / other);
        let number = |value: Option<f64>| value.map(number).unwrap_or_default();
        let (told, verdict) = match bar {
            Some(bar) => (bar.told(), bar.verdict(mine, ratio)),
            None => (String::new(), ""),
        };
        lines.push(format!(
            "| `{name}` | {unit} | {} | {} | {} | {told} | {verdict} |",
            number(other),
            number(Some(mine)),
            ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default(),
        ));
    }
    lines.join("\n")
}

impl Bar {
    fn told(&self) -> String {
        match self {
            Self::Times(times) => format!("≥ {times} ×"),
            Self::Part(part) => format!("≤ {part} ×"),
            Self::AtLeast(least) => format!("≥ {least}"),
            Self::AtMost(most) => format!("≤ {most}"),
        }
    }

    /// Whether it is reached; nothing where there is no peer to compare with.
    fn verdict(&self, mine: f64, ratio: Option<f64>) -> &'static str {
        let reached = match self {
            Self::Times(times) => ratio.map(|ratio| ratio >= *times),
            Self::Part(part) => ratio.map(|ratio| ratio <= *part),
            Self::AtLeast(least) => Some(mine >= *least),
            Self::AtMost(most) => Some(mine <= *most),
        };
        match reached {
            Some(true) => "reached",
            Some(false) => "missed",
            None => "",
        }
    }
}

/// A figure with as many digits as it deserves.
fn number(value: f64) -> String {
    if value >= 1000.0 {
        format!("{value:.0}")
    } else if value >= 10.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(lines: &[(&str, f64)]) -> Figures {
        let lines: Vec<String> = lines
            .iter()
            .map(|(name, value)| format!(r#"{{"name":"{name}","value":{value},"unit":"1/s"}}"#))
            .collect();
        Figures::read(&lines.join("\n")).unwrap()
    }

    #[test]
    fn a_bar_is_reached_by_the_ratio_or_by_the_figure_itself() {
        let ours = figures(&[("tags_put", 1500.0), ("peak_rss", 60.0), ("login_per_s", 9999.0)]);
        let theirs = figures(&[("tags_put", 100.0), ("peak_rss", 100.0)]);
        let table = speed(&ours, &theirs);
        assert!(table.contains("| `tags_put` | 1/s | 100.0 | 1500 | 15.00 | ≥ 15 × | reached |"));
        assert!(table.contains("| `peak_rss` | 1/s | 100.0 | 60.0 | 0.60 | ≤ 0.5 × | missed |"));
        assert!(table.contains("| `login_per_s` | 1/s |  | 9999 |  | ≥ 10000 | missed |"));
    }
}
