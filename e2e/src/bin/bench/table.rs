//! Markdown tables.

/// A table that grows row by row.
#[derive(Debug)]
pub struct Table(Vec<Vec<String>>);

impl Table {
    /// A table with these column heads.
    pub fn new(heads: &[&str]) -> Table {
        Table(vec![heads.iter().map(|head| (*head).to_owned()).collect()])
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = impl Into<String>>) {
        self.0.push(cells.into_iter().map(Into::into).collect());
    }

    /// Prints it.
    pub fn print(&self) {
        let line = |cells: &Vec<String>| format!("| {} |", cells.join(" | "));
        let (head, rows) = self.0.split_first().expect("a table has a head");
        println!("{}\n|{}", line(head), "---|".repeat(head.len()));
        rows.iter().for_each(|row| println!("{}", line(row)));
    }
}
