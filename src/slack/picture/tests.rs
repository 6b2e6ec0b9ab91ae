use std::path::Path;

use tiny_skia::Pixmap;

use super::*;
use crate::slack::views::tests::insights::{busy, few, vast};

/// Whether two pictures look the same: engines of other machines may round a shade differently.
fn alike(one: &Pixmap, other: &Pixmap) -> bool {
    (one.width(), one.height()) == (other.width(), other.height())
        && one.data().iter().zip(other.data()).all(|(a, b)| a.abs_diff(*b) <= 3)
}

/// The picture as it was seen last lies in `tests/data/picture`; `INSTA_UPDATE=always` writes it anew.
fn is_as_it_was_seen_last(name: &str, insights: &Insights) {
    let drawn = weekly(insights).unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/picture/{name}.png"));
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &drawn.bytes).unwrap();
    }
    let before = Pixmap::load_png(&path).unwrap();
    let now = Pixmap::decode_png(&drawn.bytes).unwrap();
    assert!(alike(&before, &now), "{name} looks different: look at it, and keep it if it is right");
    assert!(drawn.bytes.len() < 150_000, "{name} has {} bytes", drawn.bytes.len());
    assert!(drawn.alt.chars().count() <= 1_000, "{}", drawn.alt);
}

#[test]
fn the_picture_is_as_it_was_seen_last() {
    is_as_it_was_seen_last("busy", &busy());
    is_as_it_was_seen_last("few", &few());
    is_as_it_was_seen_last("vast", &vast());
}

#[test]
fn other_numbers_are_another_picture() {
    let mut other = busy();
    other.weeks[7].ended.denied += 3;
    assert_ne!(weekly(&busy()).unwrap().bytes, weekly(&other).unwrap().bytes);
}

#[test]
fn what_it_shows_is_said_in_words() {
    let said = weekly(&busy()).unwrap().alt;
    assert!(said.contains("Tier 2: 38 min, promised 8 h"), "{said}");
    assert!(weekly(&few()).unwrap().alt.contains("Tier 1: too few to tell"));
}

#[test]
fn times_are_written_in_few_letters() {
    for (seconds, expected) in [
        (5, "5 s"),
        (60, "1 min"),
        (3_540, "59 min"),
        (3_600, "1 h"),
        (12_000, "3 h 20"),
        (35_999, "10 h"),
        (50_000, "14 h"),
        (172_800, "2 d"),
        (190_000, "2 d 5 h"),
    ] {
        assert_eq!(short(Span::seconds(seconds)), expected);
    }
}

#[test]
fn large_numbers_have_few_digits() {
    for (n, expected) in
        [(940, "940"), (9_999, "9999"), (39_923, "39.9k"), (40_000, "40k"), (1_250_000, "1.2M")]
    {
        assert_eq!(thousands(n), expected);
    }
}

#[test]
fn there_are_few_lines_however_many_are_counted() {
    for most in [0, 1, 2, 3, 4, 5, 9, 10, 11, 47, 99, 100, 101, 12_345, u64::MAX] {
        let step = step(most);
        assert!(step > 0 && most.div_ceil(step) <= 5, "{most}: {step}");
    }
    assert_eq!([step(4), step(7), step(17), step(23), step(90)], [1, 2, 5, 10, 50]);
}
