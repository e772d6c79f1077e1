//! Files that mean no good, and those of people who do not know what they send along: what each of them gives.

use bytes::Bytes;
use image::ImageFormat::{Gif, Png, WebP};
use image::{DynamicImage, Rgba, RgbaImage};
use memchr::memmem;

use crate::clean::names_a_location;
use crate::inspect::{Inspected, MAX_MEMORY_BYTES, inspect, measure};
use crate::samples::*;
use crate::sniff::{OTHER, TEXT, sniff};

fn sent(bytes: Vec<u8>) -> Inspected {
    inspect(&bytes.into(), false, &|| false)
}

fn sides(inspected: &Inspected) -> (Option<u32>, Option<u32>) {
    (inspected.width, inspected.height)
}

fn says(bytes: &[u8], what: &[u8]) -> bool {
    memmem::find(bytes, what).is_some()
}

fn pixels(bytes: &[u8]) -> RgbaImage {
    image::load_from_memory(bytes).expect("a picture").into_rgba8()
}

/// What is kept of a picture that tells too much: the same pixels, and none of `words`.
fn kept(bytes: Vec<u8>, words: &[&[u8]]) -> (Inspected, Bytes) {
    let before = pixels(&bytes);
    assert!(words.iter().all(|word| says(&bytes, word)), "the sample has what is to go");
    let inspected = sent(bytes);
    let stripped = inspected.stripped.clone().expect("something was taken out");
    for bytes in inspected.previews.iter().map(|(_, bytes)| bytes).chain([&stripped]) {
        for word in words {
            assert!(!says(bytes, word), "{} is still there", word.escape_ascii());
        }
    }
    assert_eq!(pixels(&stripped), before, "the pixels are the same");
    let again = sent(stripped.to_vec());
    assert_eq!((&again.stripped, again.had_location), (&None, false), "it is clean now");
    assert_eq!(again.previews, inspected.previews);
    (inspected, stripped)
}

#[test]
fn a_photograph_says_which_way_up_it_is_and_no_more_where_who_and_with_what() {
    let profile = [b"ICC_PROFILE\0\x01\x01", &[0; 16][..], b"RGB a profile"].concat();
    let segments = [
        segment(0xe0, b"JFIF\0\x01\x02\0\0\x48\0\x48\x01\x01what was cut off"),
        segment(0xe0, b"JFXX\0\x10a thumbnail"),
        segment(0xe1, &[b"Exif\0\0", &exif(6)[..]].concat()),
        segment(0xe1, XMP),
        segment(0xe2, &profile),
        segment(0xe2, b"MPF\0other pictures"),
        segment(0xed, b"Photoshop 3.0\08BIM\x04\x04Amsterdam"),
        segment(0xef, b"somebody's own"),
        segment(0xfe, b"a comment"),
    ];
    let words: [&[u8]; 9] = [
        LOCATION,
        b"GPSLatitude",
        b"Anna",
        b"what was cut off",
        b"a thumbnail",
        b"MPF",
        b"Amsterdam",
        b"somebody's own",
        b"a comment",
    ];
    let (inspected, stripped) = kept(photograph(900, 600, &segments, b""), &words);
    assert_eq!(inspected.mime, "image/jpeg");
    assert!(inspected.had_location);
    assert_eq!(sides(&inspected), (Some(600), Some(900)), "as it is shown");
    assert!(says(&stripped, b"RGB a profile"), "its colours are the same");
    assert!(says(&stripped, b"Exif\0\0II*\0"), "it is still shown upright");

    let [(320, small), (800, large)] = inspected.previews.as_slice() else {
        panic!("two are smaller than it is")
    };
    assert!(says(small, b"RGB a profile"));
    let (small, large) = (pixels(small), pixels(large));
    assert_eq!((small.dimensions(), large.dimensions()), ((213, 320), (533, 800)));
    // Turned to the right, the dark left side comes to the top.
    let [top_left, top_right, bottom_right] =
        [(4, 4), (208, 4), (208, 315)].map(|(x, y)| small.get_pixel(x, y).0);
    assert!(top_left[0] < 40 && top_left[1] > 200, "{top_left:?}");
    assert!(top_right[0] < 40 && top_right[1] < 40, "{top_right:?}");
    assert!(bottom_right[0] > 200 && bottom_right[1] < 40, "{bottom_right:?}");
    let hash = inspected.thumbhash.expect("it was drawn");
    let (width, height, _) = thumbhash::thumb_hash_to_rgba(&hash).expect("a thumbhash");
    assert!(width < height, "upright, too");
}

#[test]
fn a_file_that_is_sent_as_one_stays_as_it_is_and_the_location_is_told() {
    let segments = [segment(0xe1, &[b"Exif\0\0", &exif(1)[..]].concat())];
    let bytes = Bytes::from(photograph(400, 300, &segments, b"and more"));
    let inspected = inspect(&bytes, true, &|| false);
    assert_eq!((&inspected.stripped, inspected.had_location), (&None, true));
    assert_eq!(sides(&inspected), (Some(400), Some(300)));
    assert!(!says(&inspected.previews[0].1, LOCATION));
    let clean = sent(photograph(400, 300, &[], b""));
    assert_eq!((clean.stripped, clean.had_location), (None, false));
    assert_eq!((clean.previews, clean.thumbhash), (inspected.previews, inspected.thumbhash));
}

#[test]
fn what_follows_the_end_of_a_picture_is_cut_off() {
    let film = b"\0\0\0\x18ftypmp42....moov\xa9xyz+52.3740+004.8897/";
    let archive = b"PK\x03\x04\x14\0../../evil.class";
    let other_picture = photograph(32, 32, &[segment(0xe1, &[b"Exif\0\0", &exif(1)[..]].concat())], b"");
    for (rest, has_location) in
        [(&film[..], true), (archive, false), (&other_picture, true), (b"<script>alert(1)", false)]
    {
        for bytes in [
            photograph(64, 64, &[], rest),
            screenshot(64, 64, &[], rest),
            [&encoded(glass(64, 64), Gif), rest].concat(),
            [&encoded(glass(64, 64), WebP), rest].concat(),
        ] {
            let (inspected, stripped) = kept(bytes.clone(), &[rest]);
            assert_eq!(inspected.had_location, has_location);
            assert_eq!(stripped, bytes[..bytes.len() - rest.len()]);
        }
    }
}

#[test]
fn texts_of_a_png_go_unread_however_large_they_unpack() {
    let bomb = bomb(8 << 20);
    let text = [b"bomb\0\0", &bomb[..]].concat();
    let international = [b"XML:com.adobe.xmp\0\x01\0\0\0", &bomb[..]].concat();
    let chunks = [
        chunk(b"tEXt", b"Author\0Anna"),
        chunk(b"zTXt", &text).repeat(20),
        chunk(b"iTXt", &international).repeat(20),
        chunk(b"iTXt", &[b"XML:com.adobe.xmp\0\0\0\0\0", XMP].concat()),
        chunk(b"eXIf", &exif(3)),
        chunk(b"tIME", b"2026..."),
        chunk(b"caBX", b"whom nobody knows"),
        // 8 MiB of profile are no profile.
        chunk(b"iCCP", &text),
    ];
    let words: [&[u8]; 7] = [b"Anna", b"zTXt", b"iTXt", LOCATION, b"tIME", b"whom nobody knows", b"iCCP"];
    let (inspected, stripped) = kept(screenshot(400, 300, &chunks, b""), &words);
    assert!(inspected.had_location);
    assert!(says(&stripped, b"eXIfII*\0"), "it is still the right way up");
    assert_eq!(inspected.previews.len(), 1);
    assert!(
        pixels(&inspected.previews[0].1).get_pixel(4, 4).0[0] > 200,
        "what was at the right is at the left"
    );

    let profile = miniz_oxide::deflate::compress_to_vec_zlib(&[&[0; 16], &b"RGB a profile"[..]].concat(), 6);
    let bytes = screenshot(400, 300, &[chunk(b"iCCP", &[b"screen\0\0", &profile[..]].concat())], b"");
    let inspected = sent(bytes);
    assert_eq!(inspected.stripped, None);
    assert!(says(&inspected.previews[0].1, b"RGB a profile"));
}

#[test]
fn animations_and_webp_pictures_lose_what_is_said_about_them() {
    let gif = encoded(view(64, 48), Gif);
    let comment = b"\x21\xfe\x09a comment\0\x21\xff\x0bXMP DataXMP\x0bGPSLatitude\0";
    // Before its last byte, which is the end.
    let gif = [&gif[..gif.len() - 1], comment, b";"].concat();
    let (inspected, _) = kept(gif, &[b"a comment", b"XMP Data"]);
    assert_eq!((inspected.mime, sides(&inspected)), ("image/gif", (Some(64), Some(48))));
    assert!(inspected.had_location);

    let simple = encoded(view(64, 48), WebP);
    let extended = webp(&[
        canvas(64, 48, 0x0c),
        simple[12..].to_vec(),
        riff(b"EXIF", &[b"Exif\0\0", &exif(8)[..]].concat()),
        riff(b"XMP ", XMP),
        riff(b"ABCD", b"whom nobody knows"),
    ]);
    let (inspected, stripped) = kept(extended, &[LOCATION, b"GPSLatitude", b"whom nobody knows"]);
    assert_eq!((inspected.mime, sides(&inspected)), ("image/webp", (Some(48), Some(64))));
    assert!(inspected.had_location);
    assert_eq!(stripped[20], 0x08, "the flags say what is there");
}

#[test]
fn pages_and_documents_that_dress_up_as_pictures_are_served_as_what_they_begin_with() {
    for (bytes, mime) in [
        (&b"GIF89a/*<svg onload=alert(1)>*/=1;alert(1)"[..], "image/gif"),
        (b"\xff\xd8\xff<html><script>alert(1)</script>", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n%PDF-1.7", "image/png"),
        (b"RIFF\x10\0\0\0WEBP<!doctype html>", "image/webp"),
    ] {
        let inspected = sent(bytes.to_vec());
        assert_eq!((inspected.mime, sides(&inspected)), (mime, (None, None)), "and no picture");
        assert_eq!(inspected.stripped, None);
    }
    for (bytes, mime) in [
        (&b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"[..], OTHER),
        (b"\xef\xbb\xbf \n<?xml version='1.0'?><svg/>", OTHER),
        (b"\xff\xfe<\0s\0v\0g\0", OTHER),
        (b"<!DOCTYPE html><script>alert(1)</script>", OTHER),
        (b"  <b onmouseover=alert(1)>%PDF-1.4", OTHER),
        (b"<!-- %PDF-1.4 -->GIF89a", OTHER),
        (b"%PDF-1.4\n<script>", "application/pdf"),
        // Shown as what it is, without guessing, and run by nobody.
        (b"hello <script>alert(1)</script>", TEXT),
        (b"#!/bin/sh\nrm -rf /", TEXT),
    ] {
        for name in ["a.png", "a.svg", "a.html", ""] {
            assert_eq!(sniff(bytes, name), mime, "{}", bytes.escape_ascii());
        }
    }
    // With real pixels around: the page goes, the picture stays.
    let page = b"<html><script>alert(1)</script></html>";
    kept(photograph(64, 64, &[segment(0xfe, page)], b""), &[page]);
    kept(screenshot(64, 64, &[chunk(b"tEXt", page)], b""), &[page]);
}

#[test]
fn few_bytes_that_claim_many_pixels_are_a_file_and_no_picture() {
    let large = 20_000;
    for (bytes, mime) in [
        (png(u32::MAX, u32::MAX, 0), "image/png"),
        (png(large, large, 0), "image/png"),
        (png(16_384, 16_384, 0), "image/png"),
        (jpeg(u16::MAX, u16::MAX, 1), "image/jpeg"),
        (jpeg(8, u16::MAX, 1), "image/jpeg"),
        (jpeg(8, 8, 65), "image/jpeg"),
        (gif(u16::MAX, u16::MAX, 1), "image/gif"),
        (webp(&[canvas(1 << 24, 1 << 24, 0), lossy(8, 8)]), "image/webp"),
        (webp(&[lossless(16_384, 16_384)]), "image/webp"),
        // Frames, and pixels of all of them.
        (png(8, 8, 1000), "image/png"),
        (gif(8, 8, 1001), "image/gif"),
        (animated(8, 8, 1001), "image/webp"),
        (png(7000, 7000, 44), "image/png"),
        (gif(7000, 7000, 44), "image/gif"),
        (animated(7000, 7000, 44), "image/webp"),
    ] {
        let measured = measure(&bytes.into(), false);
        assert_eq!(measured.memory_bytes(), 0, "nothing is decoded");
        let inspected = measured.draw(&|| false);
        assert_eq!((inspected.mime, sides(&inspected)), (mime, (None, None)));
        assert!(inspected.previews.is_empty() && inspected.thumbhash.is_none());
    }
}

#[test]
fn what_is_too_large_to_be_shown_still_loses_its_location() {
    let mut bytes = png(20_000, 20_000, 0);
    bytes.splice(33..33, chunk(b"eXIf", &exif(1)));
    let inspected = sent(bytes);
    assert_eq!((inspected.had_location, sides(&inspected)), (true, (None, None)));
    assert_eq!(inspected.stripped.as_deref(), Some(&png(20_000, 20_000, 0)[..]));
}

#[test]
fn a_picture_that_takes_too_much_memory_is_shown_without_previews() {
    let mut deep = png(7000, 7000, 0);
    // 16 bits, which make 392 MB.
    deep[24] = 16;
    for bytes in [deep, jpeg(7000, 7000, 1), gif(7000, 7000, 1)] {
        let measured = measure(&bytes.into(), false);
        assert_eq!(measured.memory_bytes(), 0);
        let inspected = measured.draw(&|| panic!("nothing is drawn"));
        assert_eq!(sides(&inspected), (Some(7000), Some(7000)));
    }
    let measured = measure(&png(7000, 7000, 0).into(), false);
    assert!((196_000_000..=MAX_MEMORY_BYTES).contains(&measured.memory_bytes()));
}

#[test]
fn more_pixels_than_the_header_has_room_for_are_not_unpacked() {
    let mut bytes = png(64, 64, 0);
    let pixels = 33..bytes.len() - 12;
    bytes.splice(pixels, chunk(b"IDAT", &bomb(64 << 20)));
    // Zeros are a picture that nobody sees; what is behind them nobody has asked for.
    let inspected = sent(bytes);
    assert_eq!(sides(&inspected), (Some(64), Some(64)));
    assert!(inspected.previews.is_empty());
}

#[test]
fn a_picture_that_breaks_off_is_none_and_still_says_whether_it_names_a_location() {
    let exif = [b"Exif\0\0", &exif(1)[..]].concat();
    for whole in [
        photograph(64, 64, &[segment(0xe1, &exif)], b""),
        screenshot(64, 64, &[chunk(b"eXIf", &exif[6..])], b""),
        webp(&[canvas(64, 64, 8), riff(b"EXIF", &exif), encoded(view(64, 64), WebP)[12..].to_vec()]),
    ] {
        for end in [whole.len() / 2, whole.len() - 1] {
            let inspected = sent(whole[..end].to_vec());
            assert_eq!(sides(&inspected), (None, None), "of {} bytes {end}", whole.len());
            assert!(inspected.had_location);
        }
    }
    for whole in [encoded(view(64, 64), Gif), animated(9, 9, 2), gif(9, 9, 3), jpeg(9, 9, 2), png(9, 9, 2)] {
        for end in 0..whole.len() {
            // It comes to an answer, whatever that is.
            sent(whole[..end].to_vec());
        }
    }
}

#[test]
fn pixels_that_cannot_be_decoded_cost_the_previews_alone() {
    for bytes in [png(400, 400, 0), jpeg(400, 400, 1), webp(&[lossless(400, 400)]), webp(&[lossy(400, 400)])]
    {
        let inspected = sent(bytes);
        assert_eq!(sides(&inspected), (Some(400), Some(400)));
        assert!(inspected.previews.is_empty() && inspected.thumbhash.is_none());
    }
}

#[test]
fn nothing_is_drawn_once_it_is_late_and_the_rest_is_told() {
    let segments = [segment(0xe1, &[b"Exif\0\0", &exif(1)[..]].concat())];
    for bytes in
        [photograph(400, 300, &segments, b""), screenshot(400, 300, &[chunk(b"eXIf", &exif(1))], b"")]
    {
        let inspected = inspect(&bytes.into(), false, &|| true);
        assert_eq!(sides(&inspected), (Some(400), Some(300)));
        assert!(inspected.stripped.is_some() && inspected.had_location);
        assert!(inspected.previews.is_empty() && inspected.thumbhash.is_none());
    }
}

#[test]
fn previews_are_smaller_than_the_picture() {
    for (width, height, expected) in [
        (320, 320, &[][..]),
        (321, 1, &[(320, 320, 1)]),
        (1, 1, &[]),
        (1700, 340, &[(320, 320, 64), (800, 800, 160), (1600, 1600, 320)]),
        (2, 16_384, &[(320, 1, 320), (800, 1, 800), (1600, 1, 1600)]),
    ] {
        let inspected = sent(encoded(view(width, height), Png));
        let previews = inspected.previews.iter().map(|(side, bytes)| {
            let (width, height) = pixels(bytes).dimensions();
            (*side, width, height)
        });
        assert_eq!(previews.collect::<Vec<_>>(), expected);
        assert!(inspected.thumbhash.is_some_and(|hash| hash.len() <= 25));
    }
}

#[test]
fn an_animation_gets_a_still_of_its_first_picture() {
    let frames = [[200, 0, 0, 255], [0, 200, 0, 255]]
        .map(|colour| image::Frame::new(RgbaImage::from_pixel(40, 30, Rgba(colour))));
    let mut bytes = Vec::new();
    image::codecs::gif::GifEncoder::new(&mut bytes).encode_frames(frames).expect("it is encoded");
    let inspected = sent(bytes);
    let [(320, still)] = inspected.previews.as_slice() else { panic!("one still") };
    let still = pixels(still);
    assert_eq!(still.dimensions(), (40, 30), "never larger than it is");
    assert!(still.get_pixel(20, 15).0[0] > 180);
}

#[test]
fn what_shines_through_does_so_in_previews_and_no_colour_bleeds_out_of_it() {
    let mut glass = glass(400, 300);
    for (x, _, pixel) in glass.enumerate_pixels_mut() {
        // Green that nobody sees beside red that all see.
        *pixel = if x % 2 == 0 { Rgba([0, 255, 0, 0]) } else { Rgba([255, 0, 0, 255]) };
    }
    let inspected = sent(encoded(glass, Png));
    let (_, preview) = &inspected.previews[0];
    assert!(preview.starts_with(b"RIFF"), "a WebP");
    let [red, green, _, alpha] = pixels(preview).get_pixel(160, 120).0;
    assert!(red > 240 && green < 15 && (60..200).contains(&alpha), "{red} {green} {alpha}");

    let opaque = DynamicImage::from(view(400, 300)).into_rgba8();
    assert!(sent(encoded(opaque, Png)).previews[0].1.starts_with(b"\xff\xd8\xff"), "a JPEG");
}

#[test]
fn profiles_are_unpacked_once_however_many_there_are() {
    let bomb = bomb(3 << 20);
    let profile = chunk(b"iCCP", &[b"bomb\0\0", &bomb[..]].concat());
    let (inspected, stripped) = kept(screenshot(64, 64, &vec![profile; 500], b""), &[]);
    assert_eq!(memmem::find_iter(&stripped, b"iCCP").count(), 1);
    assert_eq!(sides(&inspected), (Some(64), Some(64)));
}

#[test]
fn a_photograph_that_is_gone_over_too_often_is_shown_without_previews() {
    let measured = measure(&jpeg(3000, 3000, 64).into(), false);
    assert!(measured.memory_bytes() > 0);
    let measured = measure(&jpeg(6000, 6000, 64).into(), false);
    assert_eq!(measured.memory_bytes(), 0);
    assert_eq!(sides(&measured.draw(&|| panic!("nothing is drawn"))), (Some(6000), Some(6000)));
}

#[test]
fn entries_that_lie_on_each_other_are_gone_through_a_few_times_and_no_more() {
    // Half a megabyte, of which each of 512 entries in each of 64 directories has all.
    let entry =
        [&0x02bc_u16.to_be_bytes()[..], &1_u16.to_be_bytes(), &(1_u32 << 19).to_be_bytes(), &[0; 4]].concat();
    let directory =
        |next: usize| [&512_u16.to_be_bytes()[..], &entry.repeat(512), &(next as u32).to_be_bytes()].concat();
    let length = directory(0).len();
    let directories: Vec<u8> = (1..=64).flat_map(|number| directory(8 + number * length)).collect();
    let told = [b"Exif\0\0", &exif(1)[..]].concat();
    let mut bytes = [b"MM\0*\0\0\0\x08", &directories[..], &told].concat();
    bytes.resize(1 << 19, 0);
    assert!(sent(bytes).location_stays);
}

#[test]
fn a_location_is_found_in_files_of_other_kinds() {
    let tiff = exif(1);
    let heic = [b"\0\0\0\x18ftypheic....Exif\0\0", &exif(1)[..]].concat();
    let film = b"\0\0\0\x18ftypisom....udta\0\0\0\x1e\xa9xyz";
    for bytes in [&tiff[..], &heic, film] {
        assert!(names_a_location(bytes));
    }
    for bytes in [tiff.clone(), heic] {
        assert!(sent(bytes).had_location);
    }
    let without_a_location = tiff[..50].to_vec();
    assert!(!names_a_location(&without_a_location) && !names_a_location(b"GPS"));
}
