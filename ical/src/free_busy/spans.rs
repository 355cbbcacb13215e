//! Sets of spans of time.

use std::ops::Range;

/// Spans, in any order and overlapping until they are merged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Spans(Vec<Range<i64>>);

impl Spans {
    pub fn add(&mut self, span: Range<i64>) {
        if !span.is_empty() {
            self.0.push(span);
        }
    }

    pub fn add_all(&mut self, spans: Spans) {
        self.0.extend(spans.0);
    }

    /// The same time as spans in order that do not touch.
    pub fn merged(mut self) -> Spans {
        self.0.sort_unstable_by_key(|span| span.start);
        let mut merged: Vec<Range<i64>> = Vec::with_capacity(self.0.len());
        for span in self.0 {
            match merged.last_mut() {
                Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
                _ => merged.push(span),
            }
        }
        Spans(merged)
    }

    /// What of these is not in `others`; both are merged.
    pub fn without(&self, others: &Spans) -> Spans {
        let mut left = Vec::with_capacity(self.0.len());
        let mut others = others.0.iter().peekable();
        for span in &self.0 {
            let mut start = span.start;
            while let Some(other) = others.peek().filter(|other| other.start < span.end) {
                if start < other.start {
                    left.push(start..other.start);
                }
                start = start.max(other.end);
                if other.end > span.end {
                    break;
                }
                others.next();
            }
            if start < span.end {
                left.push(start..span.end);
            }
        }
        Spans(left)
    }
}

impl IntoIterator for Spans {
    type Item = Range<i64>;
    type IntoIter = std::vec::IntoIter<Range<i64>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl FromIterator<Range<i64>> for Spans {
    fn from_iter<T: IntoIterator<Item = Range<i64>>>(spans: T) -> Spans {
        let mut all = Spans::default();
        spans.into_iter().for_each(|span| all.add(span));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_merged_and_taken_from_each_other() {
        let spans = |list: &[(i64, i64)]| list.iter().map(|(start, end)| *start..*end).collect::<Spans>();
        assert_eq!(spans(&[(5, 7), (1, 3), (2, 4), (4, 5), (9, 9)]).merged(), spans(&[(1, 7)]));
        let all = spans(&[(0, 10), (20, 30), (40, 50)]);
        assert_eq!(all.without(&spans(&[(2, 3), (5, 22), (25, 45)])), spans(&[(0, 2), (3, 5), (22, 25), (45, 50)]));
        assert_eq!(all.without(&spans(&[(0, 50)])), spans(&[]));
        assert_eq!(all.without(&spans(&[])), all);
    }
}
