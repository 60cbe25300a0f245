//! Tables that fit the terminal: flexible columns shrink first, then columns that matter less are left out.

use super::style::{Paint, Style, fit, width_of};

/// Columns between two columns.
const GAP: usize = 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// A column of a table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    header: &'static str,
    align: Align,
    /// Columns below which it does not shrink; `None`: it does not shrink at all.
    least: Option<usize>,
    /// Left out in this order when there is too little room, the highest first; 0: never.
    weight: u8,
}

impl Column {
    pub(crate) const fn new(header: &'static str) -> Self {
        Self { header, align: Align::Left, least: None, weight: 0 }
    }

    pub(crate) const fn align(mut self, align: Align) -> Self {
        self.align = align;
        self
    }

    /// Lets it shrink to so many columns.
    pub(crate) const fn flexible(mut self, least: usize) -> Self {
        self.least = Some(least);
        self
    }

    /// Lets it be left out; the highest goes first.
    pub(crate) const fn optional(mut self, weight: u8) -> Self {
        self.weight = weight;
        self
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Cell {
    text: String,
    paint: Paint,
}

impl Cell {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), paint: Paint::None }
    }

    pub(crate) fn painted(text: impl Into<String>, paint: Paint) -> Self {
        Self { text: text.into(), paint }
    }
}

#[derive(Debug)]
pub(crate) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    pub(crate) fn new(columns: impl Into<Vec<Column>>) -> Self {
        Self { columns: columns.into(), rows: Vec::new() }
    }

    /// Adds a row with a cell for each column.
    pub(crate) fn row(&mut self, cells: impl Into<Vec<Cell>>) {
        self.rows.push(cells.into());
    }

    /// The lines of the table, each ended, none wider than `width` unless even its least form is.
    pub(crate) fn render(&self, style: Style, width: usize) -> String {
        let layout = self.layout(width);
        let mut text = String::new();
        let headers: Vec<Cell> = self.columns.iter().map(|c| Cell::painted(c.header, Paint::Dim)).collect();
        for cells in std::iter::once(&headers).chain(&self.rows) {
            self.render_row(cells, &layout, style, &mut text);
        }
        text
    }

    fn render_row(&self, cells: &[Cell], layout: &[(usize, usize)], style: Style, text: &mut String) {
        let mut line = String::new();
        for (place, (index, width)) in layout.iter().enumerate() {
            let (Some(column), Some(cell)) = (self.columns.get(*index), cells.get(*index)) else { continue };
            let shown = fit(&cell.text, *width);
            let space = " ".repeat(width.saturating_sub(width_of(&shown)));
            let painted = style.paint(cell.paint, &shown);
            let last = place + 1 == layout.len();
            match column.align {
                Align::Left if last => line.push_str(&painted),
                Align::Left => line.extend([painted.as_str(), &space, "  "]),
                Align::Right if last => line.extend([space.as_str(), &painted]),
                Align::Right => line.extend([space.as_str(), &painted, "  "]),
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }

    /// Which columns are shown, by index, and how wide.
    fn layout(&self, width: usize) -> Vec<(usize, usize)> {
        let mut shown: Vec<(usize, usize)> =
            (0..self.columns.len()).map(|index| (index, self.natural(index))).collect();
        loop {
            let total = shown.iter().map(|(_, width)| width).sum::<usize>() + GAP * shown.len().saturating_sub(1);
            let excess = total.saturating_sub(width);
            if excess == 0 || self.shrink(&mut shown, excess) {
                return shown;
            }
            let heaviest = shown
                .iter()
                .enumerate()
                .filter_map(|(place, (index, _))| Some((self.columns.get(*index)?.weight, place)))
                .filter(|(weight, _)| *weight > 0)
                .max();
            match heaviest {
                Some((_, place)) => {
                    shown.remove(place);
                    shown.iter_mut().for_each(|(index, width)| *width = self.natural(*index));
                }
                None => return shown,
            }
        }
    }

    /// Columns of the widest cell.
    fn natural(&self, index: usize) -> usize {
        let header = self.columns.get(index).map_or(0, |column| width_of(column.header));
        let cells = self.rows.iter().filter_map(|row| row.get(index)).map(|cell| width_of(&cell.text));
        cells.fold(header, usize::max)
    }

    /// Takes columns from the flexible ones, the widest first; whether that was enough.
    fn shrink(&self, shown: &mut [(usize, usize)], mut excess: usize) -> bool {
        while excess > 0 {
            let can = |(index, width): &(usize, usize)| {
                self.columns.get(*index).and_then(|column| column.least).is_some_and(|least| *width > least)
            };
            let Some(widest) = shown.iter_mut().filter(|entry| can(entry)).max_by_key(|(_, width)| *width) else {
                return false;
            };
            widest.1 -= 1;
            excess -= 1;
        }
        true
    }
}
