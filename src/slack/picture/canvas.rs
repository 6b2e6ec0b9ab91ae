//! What a picture is drawn on: shapes by `tiny-skia`, letters from the outlines of a font that is part
//! of the program, so that it looks the same on every machine.

use ab_glyph::{Font, FontRef, OutlineCurve, Point};
use tiny_skia::{Color, FillRule, Paint, Path, PathBuilder, Pixmap, Rect, Transform};

/// A colour: red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ink(pub u8, pub u8, pub u8);

/// How letters look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    Regular,
    Bold,
}

/// Which point of a text is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Middle,
    Right,
}

/// How a text is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    /// The height of the letters' square, in pixels.
    pub size: f32,
    pub weight: Weight,
    pub ink: Ink,
    pub align: Align,
}

/// A place and a size, in pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Area {
    pub x: f32,
    pub y: f32,
    pub width: f32,
    pub height: f32,
}

/// What is drawn on.
pub(super) struct Canvas {
    pixels: Pixmap,
    regular: FontRef<'static>,
    bold: FontRef<'static>,
}

impl Canvas {
    /// An empty one; `None` if the font cannot be read, or there are no pixels.
    pub(super) fn new(width: u32, height: u32) -> Option<Self> {
        Some(Self {
            pixels: Pixmap::new(width, height)?,
            regular: FontRef::try_from_slice(ttf_noto_sans::REGULAR).ok()?,
            bold: FontRef::try_from_slice(ttf_noto_sans::BOLD).ok()?,
        })
    }

    /// Fills an area with round corners.
    pub(super) fn fill(&mut self, area: Area, radius: f32, ink: Ink) {
        let radius = radius.min(area.width / 2.0).min(area.height / 2.0).max(0.0);
        if let Some(path) = rounded(area, radius) {
            self.paint(&path, ink);
        }
    }

    fn paint(&mut self, path: &Path, ink: Ink) {
        let mut paint = Paint { anti_alias: true, ..Paint::default() };
        let Ink(red, green, blue) = ink;
        paint.set_color(Color::from_rgba8(red, green, blue, 255));
        self.pixels.fill_path(path, &paint, FillRule::Winding, Transform::identity(), None);
    }

    fn font(&self, weight: Weight) -> &FontRef<'static> {
        match weight {
            Weight::Regular => &self.regular,
            Weight::Bold => &self.bold,
        }
    }

    /// Writes a text whose letters stand on `y`. Returns its width.
    pub(super) fn write(&mut self, x: f32, y: f32, style: Style, text: &str) -> f32 {
        let width = self.width(style, text);
        let start = match style.align {
            Align::Left => x,
            Align::Middle => x - width / 2.0,
            Align::Right => x - width,
        };
        let mut path = PathBuilder::new();
        let font = self.font(style.weight);
        let scale = scale(font, style.size);
        for (glyph, at) in set(font, text) {
            let Some(outline) = font.outline(glyph) else { continue };
            let place = |p: Point| (start + (at + p.x) * scale, y - p.y * scale);
            let mut pen = None;
            for curve in &outline.curves {
                let (from, to) = match curve {
                    OutlineCurve::Line(from, to)
                    | OutlineCurve::Quad(from, _, to)
                    | OutlineCurve::Cubic(from, _, _, to) => (*from, *to),
                };
                if pen != Some(from) {
                    let (x, y) = place(from);
                    path.move_to(x, y);
                }
                let (x, y) = place(to);
                match curve {
                    OutlineCurve::Line(..) => path.line_to(x, y),
                    OutlineCurve::Quad(_, control, _) => {
                        let (cx, cy) = place(*control);
                        path.quad_to(cx, cy, x, y);
                    }
                    OutlineCurve::Cubic(_, first, second, _) => {
                        let ((ax, ay), (bx, by)) = (place(*first), place(*second));
                        path.cubic_to(ax, ay, bx, by, x, y);
                    }
                }
                pen = Some(to);
            }
        }
        if let Some(path) = path.finish() {
            self.paint(&path, style.ink);
        }
        width
    }

    /// How wide a text would be.
    pub(super) fn width(&self, style: Style, text: &str) -> f32 {
        let font = self.font(style.weight);
        let end =
            set(font, text).last().map_or(0.0, |(glyph, at)| at + font.h_advance_unscaled(*glyph));
        end * scale(font, style.size)
    }

    /// The picture as PNG.
    pub(super) fn png(&self) -> Option<Vec<u8>> {
        self.pixels.encode_png().ok()
    }
}

/// From units of the font to pixels.
fn scale(font: &FontRef<'_>, size: f32) -> f32 {
    size / font.units_per_em().unwrap_or(1_000.0)
}

/// Each letter, and where it begins, in units of the font.
fn set(font: &FontRef<'_>, text: &str) -> Vec<(ab_glyph::GlyphId, f32)> {
    let (mut set, mut at, mut before) = (Vec::new(), 0.0, None);
    for letter in text.chars() {
        let glyph = font.glyph_id(letter);
        at += before.map_or(0.0, |before| font.kern_unscaled(before, glyph));
        set.push((glyph, at));
        at += font.h_advance_unscaled(glyph);
        before = Some(glyph);
    }
    set
}

/// A rectangle with round corners.
fn rounded(area: Area, radius: f32) -> Option<Path> {
    let rect = Rect::from_xywh(area.x, area.y, area.width, area.height)?;
    if radius <= 0.0 {
        return Some(PathBuilder::from_rect(rect));
    }
    // How far the handles of a quarter of a circle are from its ends.
    let handle = radius * (1.0 - 0.552_284_8);
    let (left, top, right, bottom) = (rect.left(), rect.top(), rect.right(), rect.bottom());
    let mut path = PathBuilder::new();
    path.move_to(left + radius, top);
    path.line_to(right - radius, top);
    path.cubic_to(right - handle, top, right, top + handle, right, top + radius);
    path.line_to(right, bottom - radius);
    path.cubic_to(right, bottom - handle, right - handle, bottom, right - radius, bottom);
    path.line_to(left + radius, bottom);
    path.cubic_to(left + handle, bottom, left, bottom - handle, left, bottom - radius);
    path.line_to(left, top + radius);
    path.cubic_to(left, top + handle, left + handle, top, left + radius, top);
    path.close();
    path.finish()
}
