//! The picture of the weekly digest: how long people take, and what became of what was asked. A pure
//! function from numbers to a PNG.
//!
//! Slack shows it 360 points wide on a phone, on black as on white: so few words, large, on a ground of
//! its own.

mod canvas;

use self::canvas::{Align, Area, Canvas, Ink, Style, Weight};
use crate::domain::insights::{DAYS, Insights, OfTier, Outcomes, WEEKS, Week};
use crate::domain::time::{Span, Timestamp};

/// A picture, and what it shows in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// The file's name.
    pub name: String,
    /// Its title.
    pub title: String,
    /// What it shows, for those who do not see it.
    pub alt: String,
    /// PNG.
    pub bytes: Vec<u8>,
}

/// Its size, in pixels.
const WIDTH: u32 = 1_200;
const HEIGHT: u32 = 1_000;

const GROUND: Ink = Ink(0x1b, 0x22, 0x30);
const RAISED: Ink = Ink(0x27, 0x30, 0x41);
const RULE: Ink = Ink(0x39, 0x43, 0x57);
const BRIGHT: Ink = Ink(0xf5, 0xf7, 0xfa);
const SOFT: Ink = Ink(0xa9, 0xb4, 0xc6);
/// What takes longer than was promised, and what nobody answered.
const LATE: Ink = Ink(0xf2, 0xb8, 0x3f);

/// How a request ended, what that is called, and its colour: told apart also by those who see red and
/// green alike.
const KINDS: [(&str, Ink, Count); 4] = [
    ("approved by people", Ink(0x2e, 0xc4, 0xa6), |ended| ended.by_people),
    ("by rule", Ink(0x5b, 0x9c, 0xf6), |ended| ended.by_rule),
    ("denied", Ink(0xf0, 0x6a, 0x6a), |ended| ended.denied),
    ("unanswered", LATE, |ended| ended.expired),
];

type Count = fn(&Outcomes) -> u64;

/// The space at the edges.
const EDGE: f32 = 56.0;
const RIGHT: f32 = WIDTH as f32 - EDGE;

const fn style(size: f32, weight: Weight, ink: Ink, align: Align) -> Style {
    Style { size, weight, ink, align }
}

/// The picture for these numbers; `None` if it cannot be drawn.
pub fn weekly(insights: &Insights) -> Option<Picture> {
    let mut canvas = Canvas::new(WIDTH, HEIGHT)?;
    let whole = Area { x: 0.0, y: 0.0, width: WIDTH as f32, height: HEIGHT as f32 };
    canvas.fill(whole, 32.0, GROUND);
    tiers(&mut canvas, insights);
    weeks(&mut canvas, &insights.weeks);
    let day = insights.now.format("%Y-%m-%d");
    Some(Picture {
        name: format!("countersign-{day}.png"),
        title: "How long people take, and what became of what was asked".to_owned(),
        alt: alt(insights),
        bytes: canvas.png()?,
    })
}

/// What the picture shows, in words.
fn alt(insights: &Insights) -> String {
    let mut said: Vec<String> = Vec::new();
    for tier in &insights.tiers {
        let half = tier.took.half.map_or("too few to tell".to_owned(), short);
        said.push(format!("Tier {}: {half}, promised {}", tier.tier, short(tier.promise)));
    }
    let weeks = insights.weeks.iter().map(|week| week.ended.put().to_string());
    let weeks = weeks.collect::<Vec<_>>().join(", ");
    format!(
        "Half of the requests that people approved in the last {DAYS} days were approved within: {}. \
         Requests in each of the last {WEEKS} weeks: {weeks}.",
        said.join("; ")
    )
}

/// A length of time in few letters: `38 min`, `3 h 20`, `2 d 4 h`.
fn short(span: Span) -> String {
    let seconds = span.as_seconds();
    let minutes = (seconds + 30) / 60;
    let hours = (seconds + 1_800) / 3_600;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_570 => format!("{minutes} min"),
        3_570..36_000 if minutes.is_multiple_of(60) => format!("{} h", minutes / 60),
        3_570..36_000 => format!("{} h {:02}", minutes / 60, minutes % 60),
        36_000..172_800 => format!("{hours} h"),
        _ if hours.is_multiple_of(24) => format!("{} d", hours / 24),
        _ => format!("{} d {} h", hours / 24, hours % 24),
    }
}

/// One tile for each tier: the time within which half were approved, and the promise.
fn tiers(canvas: &mut Canvas, insights: &Insights) {
    let title = style(40.0, Weight::Bold, BRIGHT, Align::Left);
    canvas.write(EDGE, 92.0, title, "Half were approved within");
    let note = style(28.0, Weight::Regular, SOFT, Align::Right);
    canvas.write(RIGHT, 92.0, note, &format!("last {DAYS} days"));
    let (gap, count) = (24.0, insights.tiers.len().max(1) as f32);
    let width = (RIGHT - EDGE - gap * (count - 1.0)) / count;
    for (at, tier) in insights.tiers.iter().enumerate() {
        let x = EDGE + at as f32 * (width + gap);
        tile(canvas, Area { x, y: 128.0, width, height: 232.0 }, tier);
    }
}

fn tile(canvas: &mut Canvas, area: Area, tier: &OfTier) {
    canvas.fill(area, 20.0, RAISED);
    let (x, y) = (area.x + 28.0, area.y);
    let soft = style(30.0, Weight::Regular, SOFT, Align::Left);
    canvas.write(
        x,
        y + 54.0,
        style(30.0, Weight::Bold, SOFT, Align::Left),
        &format!("Tier {}", tier.tier),
    );
    if let (Some(_), Some(before)) = (tier.took.half, tier.took_before.half) {
        let was = style(27.0, Weight::Regular, SOFT, Align::Right);
        canvas.write(area.x + area.width - 28.0, y + 54.0, was, &format!("was {}", short(before)));
    }
    match tier.took.half {
        Some(half) => {
            let kept = half <= tier.promise;
            let figure = style(68.0, Weight::Bold, if kept { BRIGHT } else { LATE }, Align::Left);
            canvas.write(x, y + 138.0, figure, &short(half));
        }
        None => {
            let words = style(36.0, Weight::Bold, BRIGHT, Align::Left);
            canvas.write(x, y + 128.0, words, "too few to tell");
        }
    }
    canvas.write(x, y + 196.0, soft, &format!("promised: {}", short(tier.promise)));
}

/// The place of the bars.
const CHART: Area = Area { x: EDGE + 64.0, y: 560.0, width: RIGHT - EDGE - 64.0, height: 336.0 };

/// A bar for each week.
fn weeks(canvas: &mut Canvas, weeks: &[Week]) {
    let title = style(40.0, Weight::Bold, BRIGHT, Align::Left);
    canvas.write(EDGE, 444.0, title, "Requests per week");
    let note = style(28.0, Weight::Regular, SOFT, Align::Right);
    canvas.write(RIGHT, 444.0, note, "by its first day");
    legend(canvas, 502.0);
    let most = weeks.iter().map(|week| week.ended.put()).max().unwrap_or_default();
    let step = step(most);
    let top = most.div_ceil(step).max(1) * step;
    let height = |n: u64| CHART.height * n as f32 / top as f32;
    let floor = CHART.y + CHART.height;
    for line in 0..=top / step {
        let n = line * step;
        let y = floor - height(n);
        let rule = Area { x: CHART.x, y: y - 1.0, width: CHART.width, height: 2.0 };
        canvas.fill(rule, 0.0, RULE);
        let number = style(28.0, Weight::Regular, SOFT, Align::Right);
        canvas.write(CHART.x - 18.0, y + 10.0, number, &thousands(n));
    }
    let slot = CHART.width / weeks.len().max(1) as f32;
    for (at, week) in weeks.iter().enumerate() {
        let middle = CHART.x + slot * (at as f32 + 0.5);
        bar(canvas, middle, slot * 0.58, &week.ended, height);
        let last = at + 1 == weeks.len();
        let (weight, ink) = if last { (Weight::Bold, BRIGHT) } else { (Weight::Regular, SOFT) };
        let label = style(27.0, weight, ink, Align::Middle);
        canvas.write(middle, floor + 46.0, label, &day(week.window.from));
    }
}

/// The bar of one week, its parts one above the other, with a fine line of the ground between them.
fn bar(
    canvas: &mut Canvas,
    middle: f32,
    width: f32,
    ended: &Outcomes,
    height: impl Fn(u64) -> f32,
) {
    let mut top = CHART.y + CHART.height - 1.0;
    for (_, ink, count) in KINDS {
        let n = count(ended);
        if n == 0 {
            continue;
        }
        // What is there is seen, however little it is.
        let tall = (height(n) - 3.0).max(4.0);
        let part = Area { x: middle - width / 2.0, y: top - tall, width, height: tall };
        canvas.fill(part, 5.0, ink);
        top -= tall + 3.0;
    }
    if ended.put() > 0 {
        let total = style(28.0, Weight::Bold, BRIGHT, Align::Middle);
        let (words, y) = (thousands(ended.put()), top - 11.0);
        // No line goes through the number.
        let wide = canvas.width(total, &words) + 16.0;
        let behind = Area { x: middle - wide / 2.0, y: y - 26.0, width: wide, height: 32.0 };
        canvas.fill(behind, 0.0, GROUND);
        canvas.write(middle, y, total, &words);
    }
}

fn legend(canvas: &mut Canvas, y: f32) {
    let mut x = EDGE;
    let label = style(28.0, Weight::Regular, SOFT, Align::Left);
    for (name, ink, _) in KINDS {
        canvas.fill(Area { x, y: y - 22.0, width: 24.0, height: 24.0 }, 6.0, ink);
        x += 36.0;
        x += canvas.write(x, y, label, name) + 40.0;
    }
}

/// The distance between two lines: 1, 2 or 5 times a power of ten, so that there are at most five.
fn step(most: u64) -> u64 {
    let mut power: u64 = 1;
    loop {
        for times in [1, 2, 5] {
            let step = power.saturating_mul(times);
            if step.saturating_mul(4) >= most || step == u64::MAX {
                return step;
            }
        }
        power = power.saturating_mul(10);
    }
}

/// A number in few digits: `940`, `39.9k`, `1.2M`.
fn thousands(n: u64) -> String {
    let tenths = |unit: u64| match (n / unit, n % unit * 10 / unit) {
        (whole, 0) => whole.to_string(),
        (whole, tenth) => format!("{whole}.{tenth}"),
    };
    match n {
        0..10_000 => n.to_string(),
        10_000..1_000_000 => format!("{}k", tenths(1_000)),
        _ => format!("{}M", tenths(1_000_000)),
    }
}

/// The first day of a week: `5 Oct`.
fn day(at: Timestamp) -> String {
    at.format("%-d %b").to_string()
}

#[cfg(test)]
mod tests;
