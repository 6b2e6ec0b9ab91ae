//! Tables that fit: as columns where the terminal is wide enough, else a block for each row.

use unicode_width::UnicodeWidthStr;

use super::look::{Ink, Look};

/// Between two columns.
const GAP: usize = 2;
/// The narrowest that the one column that gives way becomes.
const NARROWEST: usize = 16;

/// A cell: its text, and its ink.
pub type Cell = (String, Option<Ink>);

/// A table. The last column takes what room is left, and is cut to it.
#[derive(Debug, Clone, Default)]
pub struct Table {
    head: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// With these headings.
    pub fn new(head: &[&'static str]) -> Self {
        Self { head: head.to_vec(), rows: Vec::new() }
    }

    /// With one more row, a cell for each heading.
    pub fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push(cells);
    }

    /// As text.
    pub fn render(&self, look: Look) -> String {
        let mut widths: Vec<usize> = self.head.iter().map(|head| head.width()).collect();
        for row in &self.rows {
            for (width, (text, _)) in widths.iter_mut().zip(row) {
                *width = (*width).max(text.width());
            }
        }
        let room = usize::from(look.width);
        let needed = widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1);
        let spare = widths.last().copied().unwrap_or(0).saturating_sub(NARROWEST);
        if needed.saturating_sub(spare) > room {
            return self.blocks(look);
        }
        if let Some(last) = widths.last_mut() {
            *last -= needed.saturating_sub(room).min(*last);
        }
        let mut text = line(
            self.head.iter().map(|head| (head.to_uppercase(), Some(Ink::Faint))),
            &widths,
            look,
        );
        for row in &self.rows {
            text.push_str(&line(row.iter().cloned(), &widths, look));
        }
        text
    }

    /// A block for each row: the first cell, and below it each other one under its heading.
    fn blocks(&self, look: Look) -> String {
        let label = self.head.iter().skip(1).map(|head| head.width()).max().unwrap_or(0);
        let mut blocks = Vec::new();
        for row in &self.rows {
            let mut block = String::new();
            for (at, (head, (cell, ink))) in self.head.iter().zip(row).enumerate() {
                let inked = ink.map_or_else(|| cell.clone(), |ink| look.ink(ink, cell));
                if at == 0 {
                    block.push_str(&format!("{inked}\n"));
                } else if !cell.is_empty() {
                    let pad = " ".repeat(label - head.width() + GAP);
                    block.push_str(&format!("  {}{pad}{inked}\n", look.faint(head)));
                }
            }
            blocks.push(block);
        }
        blocks.join("\n")
    }
}

fn line(cells: impl Iterator<Item = Cell>, widths: &[usize], look: Look) -> String {
    let mut text = String::new();
    let mut owed = 0;
    for ((cell, ink), width) in cells.zip(widths) {
        let cell = cut(&cell, *width);
        if !cell.is_empty() {
            text.push_str(&" ".repeat(owed));
            owed = 0;
        }
        owed += width.saturating_sub(cell.width()) + GAP;
        text.push_str(&ink.map_or_else(|| cell.clone(), |ink| look.ink(ink, &cell)));
    }
    text.push('\n');
    text
}

/// The text, cut to so many columns, with a mark where something was cut.
pub fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    for c in text.chars() {
        if kept.width() + unicode_width::UnicodeWidthChar::width(c).unwrap_or(0) + 1 > width {
            break;
        }
        kept.push(c);
    }
    kept.push('…');
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(&["name", "state", "owner"]);
        let plain = |text: &str| (text.to_owned(), None);
        table.row(vec![
            plain("support-agent-v2"),
            ("active".to_owned(), Some(Ink::Good)),
            plain("Dana"),
        ]);
        table.row(vec![
            plain("figma-to-slack"),
            plain(""),
            plain("Zoë Quintana Ibárruri de la Vega 日本"),
        ]);
        table
    }

    #[test]
    fn a_table_fits_the_terminal() {
        let at = |width| table().render(Look { colour: false, width });
        insta::assert_snapshot!(format!("{}\n{}\n{}", at(80), at(46), at(40)));
        for line in at(46).lines() {
            assert!(line.width() <= 46, "{line}");
        }
    }

    #[test]
    fn colours_move_no_column() {
        let plain = table().render(Look { colour: false, width: 80 });
        let coloured = table().render(Look { colour: true, width: 80 });
        let mut bare = String::new();
        let mut rest = coloured.as_str();
        while let Some((before, after)) = rest.split_once('\x1b') {
            bare.push_str(before);
            rest = after.split_once('m').unwrap().1;
        }
        bare.push_str(rest);
        assert_eq!(bare, plain);
    }
}
