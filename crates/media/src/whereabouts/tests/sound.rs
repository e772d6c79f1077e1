//! Ogg, FLAC, MP3, WAV and AVI.

use super::{PIXELS, WHERE, ends_however_it_is_damaged, hidden, read, says};
use crate::samples::{XMP, exif, riff};
use crate::whereabouts::Found;

fn photograph() -> Vec<u8> {
    [b"\xff\xd8\xff\xe1Exif\0\0", &exif(1)[..], WHERE].concat()
}

fn comments(texts: &[&[u8]]) -> Vec<u8> {
    let text = |text: &[u8]| [&(text.len() as u32).to_le_bytes()[..], text].concat();
    let texts = texts.iter().map(|it| text(it)).collect::<Vec<_>>();
    [text(b"a program"), (texts.len() as u32).to_le_bytes().to_vec(), texts.concat()].concat()
}

/// The check sum of a page, a bit at a time.
fn sum(page: &[u8]) -> u32 {
    page.iter().fold(0_u32, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte) << 24, |sum, _| {
            sum << 1 ^ if sum >> 31 == 1 { 0x04c1_1db7 } else { 0 }
        })
    })
}

/// A packet in as many pages as it takes, each with its check sum.
fn packet(serial: u32, flags: u8, content: &[u8]) -> Vec<u8> {
    let mut lengths: Vec<u8> = content.chunks(255).map(|part| part.len() as u8).collect();
    if content.len().is_multiple_of(255) {
        lengths.push(0);
    }
    let (mut rest, mut pages) = (content, Vec::new());
    for (number, lengths) in lengths.chunks(255).enumerate() {
        let (parts, others) = rest.split_at(lengths.iter().map(|length| usize::from(*length)).sum());
        rest = others;
        let flags = if number == 0 { flags } else { 1 };
        let head = [b"OggS\0", &[flags][..], &[0; 8], &serial.to_le_bytes(), &[0; 8], &[lengths.len() as u8]];
        let mut page = [&head.concat(), lengths, parts].concat();
        let sum = sum(&page).to_le_bytes();
        page[22..26].copy_from_slice(&sum);
        pages.extend(page);
    }
    pages
}

fn ogg(first: &[u8], before: &[u8], texts: &[&[u8]]) -> Vec<u8> {
    let said = [before, &comments(texts)].concat();
    [packet(7, 2, first), packet(7, 0, &said), packet(7, 4, PIXELS)].concat()
}

/// Whether each page has its check sum.
fn sums_are_right(mut ogg: &[u8]) {
    while !ogg.is_empty() {
        let lengths = &ogg[27..27 + usize::from(ogg[26])];
        let length = 27 + lengths.len() + lengths.iter().map(|length| usize::from(*length)).sum::<usize>();
        let mut page = ogg[..length].to_vec();
        let told: [u8; 4] = page[22..26].try_into().expect("four bytes");
        page[22..26].fill(0);
        assert_eq!(sum(&page), u32::from_le_bytes(told));
        ogg = &ogg[length..];
    }
}

#[test]
fn comments_of_ogg_lose_their_location_and_their_pages_are_whole() {
    let kinds: [(&[u8], &[u8]); 5] = [
        (b"OpusHead\x01\x02", b"OpusTags"),
        (b"\x01vorbis\0\0\0\0", b"\x03vorbis"),
        (b"\x80theora", b"\x81theora"),
        (b"\x7fFLAC\x01\0", b"\x04\0\0\x40"),
        (b"Speex   1.2", b""),
    ];
    for (first, before) in kinds {
        let location = [b"LOCATION=", WHERE].concat();
        let sound = ogg(first, before, &[b"TITLE=the sea", &location, b"DATE=today"]);
        let hidden = hidden(&sound);
        assert!(!says(&hidden, WHERE) && says(&hidden, b"the sea") && says(&hidden, b"DATE=today"));
        sums_are_right(&hidden);
    }
    // It begins on one page and ends on the third, and between them is one of another stream.
    let large = [b"GEO_LOCATION=", &WHERE.repeat(10_000)[..]].concat();
    let cover = [b"METADATA_BLOCK_PICTURE=", &[b'A'; 65_000][..]].concat();
    let said = [b"OpusTags", &comments(&[&cover, &large])[..]].concat();
    let pages = packet(7, 0, &said);
    let (one, rest) = pages.split_at(27 + 255 + 65_025);
    let sound = [
        packet(7, 2, b"OpusHead"),
        packet(8, 2, b"another"),
        one.to_vec(),
        packet(8, 0, PIXELS),
        rest.to_vec(),
        packet(7, 4, b""),
    ];
    let hidden = hidden(&sound.concat());
    assert!(!says(&hidden, &WHERE[..9]) && says(&hidden, &cover[40_000..]));
    sums_are_right(&hidden);
}

#[test]
fn comments_that_name_no_location_stay_as_they_are() {
    for texts in [&[&b"TITLE=location"[..], b"ARTIST=gps"][..], &[b"LOCATION"], &[b"LOCATION="], &[b"", b"="]]
    {
        assert_eq!(read(&ogg(b"OpusHead", b"OpusTags", texts)), Found::default());
    }
    let many = (0..100).flat_map(|serial| packet(serial, 2, b"OpusHead")).collect::<Vec<_>>();
    assert!(read(&many).stays, "more streams than anybody has");
}

fn flac(blocks: &[(u8, &[u8])]) -> Vec<u8> {
    let count = blocks.len();
    let blocks = blocks.iter().enumerate().map(|(number, (kind, content))| {
        let is_last = if number + 1 == count { 0x80 } else { 0 };
        [&[is_last | kind], &(content.len() as u32).to_be_bytes()[1..], content].concat()
    });
    [b"fLaC".to_vec(), blocks.collect::<Vec<_>>().concat(), PIXELS.to_vec()].concat()
}

#[test]
fn flac_loses_its_location_and_keeps_its_blocks() {
    let location = [b"location=", WHERE].concat();
    let said = comments(&[b"TITLE=the sea", &location]);
    let xmp = [b"xmp ", XMP, WHERE].concat();
    let covered = [&[0; 32][..], &photograph()].concat();
    for (sound, padded) in [
        (flac(&[(0, &[1; 34]), (4, &said)]), false),
        (flac(&[(4, &said), (6, b"a cover"), (0, &[1; 34])]), false),
        (flac(&[(0, &[1; 34]), (6, &covered), (4, &comments(&[b"TITLE=the sea"]))]), true),
        (flac(&[(2, &xmp), (4, &comments(&[b"TITLE=the sea"]))]), true),
        ([tag(3, &[(b"TIT2", b"\0a title")]), flac(&[(4, &said)])].concat(), false),
    ] {
        let hidden = hidden(&sound);
        assert!(!says(&hidden, WHERE) && says(&hidden, b"the sea"), "{}", hidden.escape_ascii());
        assert_eq!(says(&hidden, &[0; 100]), padded);
    }
    let plain = flac(&[(0, &[1; 34]), (4, &comments(&[b"TITLE=the sea"])), (6, b"a cover")]);
    assert_eq!(read(&plain), Found::default());
}

/// ID3 of such a version.
fn tag(version: u8, frames: &[(&[u8], &[u8])]) -> Vec<u8> {
    let seven = |length: usize| [21, 14, 7, 0].map(|bits| (length >> bits & 0x7f) as u8);
    let frames = frames.iter().map(|(name, content)| {
        let length = match version {
            2 => (content.len() as u32).to_be_bytes()[1..].to_vec(),
            3 => (content.len() as u32).to_be_bytes().to_vec(),
            _ => seven(content.len()).to_vec(),
        };
        let flags: &[u8] = if version == 2 { b"" } else { b"\0\0" };
        [name, &length[..], flags, content].concat()
    });
    let frames = [frames.collect::<Vec<_>>().concat(), vec![0; 20]].concat();
    [b"ID3", &[version, 0, 0][..], &seven(frames.len()), &frames].concat()
}

fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[test]
fn frames_that_say_where_sound_was_recorded_are_filled() {
    let title: (&[u8], &[u8]) = (b"TIT2", b"\0Allocation");
    let in_latin = [b"\0LOCATION\0", WHERE].concat();
    let in_wide =
        [b"\x01\xff\xfe".to_vec(), wide("Gps\0"), b"\xff\xfe".to_vec(), wide("+52.3740+004.8897/")].concat();
    let comment = [b"\x03engrecording location\0", WHERE].concat();
    let xmp = [b"XMP\0", XMP, WHERE].concat();
    let cover = [b"\0image/jpeg\0\x03\0", &photograph()[..]].concat();
    let large = [b"\0LOCATION\0", &WHERE.repeat(10_000)[..]].concat();
    let told: [(&[u8], &[u8]); 6] = [
        (b"TXXX", &in_latin),
        (b"TXXX", &in_wide),
        (b"COMM", &comment),
        (b"PRIV", &xmp),
        (b"APIC", &cover),
        (b"TXXX", &large),
    ];
    for (name, content) in told {
        for version in [3, 4] {
            let sound =
                [tag(version, &[title, (name, content), (b"TPE1", b"\0a voice")]), PIXELS.to_vec()].concat();
            let hidden = hidden(&sound);
            assert!(!says(&hidden, WHERE) && !says(&hidden, &wide("+52.37")));
            assert!(says(&hidden, b"Allocation") && says(&hidden, b"a voice"));
        }
    }
    for (name, content) in [(&b"TXX"[..], &in_latin), (b"PIC", &cover), (b"GEO", &xmp)] {
        let sound = [tag(2, &[(b"TT2", title.1), (name, content)]), PIXELS.to_vec()].concat();
        assert!(!says(&hidden(&sound), WHERE));
    }
    let others: [(&[u8], &[u8]); 4] = [
        title,
        (b"TXXX", b"\0MOOD\0at some location"),
        (b"APIC", b"\0image/png\0\0\0pixels"),
        (b"COMM", b"\0eng\0gps"),
    ];
    assert_eq!(read(&[tag(3, &others), PIXELS.to_vec()].concat()), Found::default());
}

#[test]
fn frames_that_are_not_taken_apart_are_only_looked_at() {
    let mut told = tag(3, &[(b"PRIV", &[b"XMP\0", XMP].concat())]);
    // Bytes lie between those of its frames.
    told[5] = 0x80;
    assert!(read(&told).had_location && read(&told).stays);
    let mut plain = tag(3, &[(b"TXXX", b"\0MOOD\0at some location")]);
    plain[5] = 0x80;
    assert_eq!(read(&plain), Found::default());
    let mut extended = tag(4, &[(b"TXXX", &[b"\0LOCATION\0", WHERE].concat())]);
    extended[5] = 0x40;
    extended.splice(10..10, *b"\0\0\0\x06\x01\0");
    extended[9] += 6;
    assert!(!says(&hidden(&[extended, PIXELS.to_vec()].concat()), WHERE));
}

fn wav(chunks: &[Vec<u8>]) -> Vec<u8> {
    riff(b"RIFF", &[b"WAVE".to_vec(), chunks.concat()].concat())
}

#[test]
fn wav_and_avi_lose_what_tells_and_keep_the_rest() {
    let title = riff(b"LIST", &[b"INFO".to_vec(), riff(b"INAM", b"the sea")].concat());
    let in_the_field =
        [b"<BWFXML><LOCATION><LOCATION_GPS>", WHERE, b"</LOCATION_GPS></LOCATION></BWFXML>"].concat();
    let sound = tag(3, &[(b"TXXX", &[b"\0LOCATION\0", WHERE].concat())]);
    for told in [
        riff(b"iXML", &in_the_field),
        riff(b"_PMX", &[XMP, WHERE].concat()),
        riff(b"id3 ", &sound),
        riff(b"LIST", &[b"exif".to_vec(), riff(b"strd", &photograph())].concat()),
    ] {
        for chunks in [
            [riff(b"fmt ", &[1; 16]), title.clone(), told.clone(), riff(b"data", PIXELS)],
            [riff(b"LIST", &[b"movi", PIXELS].concat()), told, title.clone(), riff(b"idx1", b"an index")],
        ] {
            let hidden = hidden(&wav(&chunks));
            assert!(!says(&hidden, WHERE) && says(&hidden, b"the sea"), "{}", hidden.escape_ascii());
        }
    }
    let scene = riff(b"iXML", b"<BWFXML><SCENE>location 1</SCENE><LOCATION/></BWFXML>");
    assert_eq!(read(&wav(&[riff(b"fmt ", &[1; 16]), scene, title, riff(b"data", PIXELS)])), Found::default());
}

#[test]
fn what_is_cut_off_or_damaged_anywhere_ends_in_an_answer() {
    let location = [b"LOCATION=", WHERE].concat();
    let text = [b"\x01\xff\xfe".to_vec(), wide("Gps\0"), wide("+52")].concat();
    for whole in [
        ogg(b"OpusHead", b"OpusTags", &[b"TITLE=the sea", &location]),
        flac(&[(2, XMP), (4, &comments(&[b"TITLE=the sea", &location])), (6, &photograph())]),
        [tag(3, &[(b"TXXX", &text), (b"PRIV", XMP)]), tag(4, &[(b"COMM", b"\0enggps\0there")])].concat(),
        tag(2, &[(b"PIC", &photograph())]),
        wav(&[riff(b"LIST", &riff(b"iXML", XMP)), riff(b"id3 ", &tag(3, &[(b"PRIV", XMP)]))]),
    ] {
        ends_however_it_is_damaged(&whole);
    }
    let told = tag(3, &[(b"TXXX", &[b"\0LOCATION\0", WHERE].concat())]);
    assert!(read(&told[..told.len() - 25]).had_location, "its end is missing");
}
