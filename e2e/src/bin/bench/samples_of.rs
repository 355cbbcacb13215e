//! What was measured several times.

use std::time::Duration;

/// Measured values in one unit.
#[derive(Debug, Clone, Default)]
pub struct Samples(Vec<f64>);

impl Samples {
    /// Takes one more.
    pub fn add(&mut self, value: f64) {
        self.0.push(value);
    }

    /// Takes a duration, in milliseconds.
    pub fn add_time(&mut self, time: Duration) {
        self.add(time.as_secs_f64() * 1e3);
    }

    /// The value that so many percent are not above.
    pub fn percentile(&self, percent: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let place = (percent / 100.0 * (sorted.len() as f64 - 1.0)).round();
        sorted.get(place as usize).copied().unwrap_or(f64::NAN)
    }

    /// The middle one.
    pub fn median(&self) -> f64 {
        self.percentile(50.0)
    }

    /// `median (least–most)`.
    pub fn show(&self, decimals: usize) -> String {
        let (least, most) = (self.percentile(0.0), self.percentile(100.0));
        match self.0.len() {
            0 => "–".to_owned(),
            1 => format!("{least:.decimals$}"),
            _ => format!("{:.decimals$} ({least:.decimals$}–{most:.decimals$})", self.median()),
        }
    }
}
