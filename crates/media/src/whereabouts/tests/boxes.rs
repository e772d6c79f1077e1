//! Films and pictures made of boxes that say where they were taken, in all the ways of cameras: what is left of them.

use memchr::memmem;

use super::{PIXELS, WHERE, hidden, read, read_slowly, says};
use crate::inspect::{Inspected, inspect};
use crate::samples::{LOCATION, XMP, exif};
use crate::whereabouts::Found;
use crate::whereabouts::found::MAX_BLANKS;

fn boxed(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    [&(content.len() as u32 + 8).to_be_bytes()[..], name, content].concat()
}

fn boxes(name: &[u8; 4], content: &[Vec<u8>]) -> Vec<u8> {
    boxed(name, &content.concat())
}

fn long(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    [&[0, 0, 0, 1], &name[..], &(content.len() as u64 + 16).to_be_bytes(), content].concat()
}

fn begin() -> Vec<u8> {
    boxed(b"ftyp", b"isom\0\0\x02\0isommp42")
}

fn pixels() -> Vec<u8> {
    boxed(b"mdat", PIXELS)
}

fn of_quicktime() -> Vec<u8> {
    let key = |name: &[u8]| boxed(b"mdta", name);
    let keys = [key(b"com.apple.quicktime.make"), key(b"com.apple.quicktime.location.ISO6709")].concat();
    let value = |number: u32, text: &[u8]| boxes(&number.to_be_bytes(), &[boxed(b"data", text)]);
    let list = [
        boxed(b"hdlr", b"\0\0\0\0\0\0\0\0mdta"),
        boxed(b"keys", &[&[0, 0, 0, 0, 0, 0, 0, 2], &keys[..]].concat()),
        boxes(b"ilst", &[value(1, b"a camera"), value(2, WHERE)]),
    ];
    boxes(b"meta", &list)
}

fn of_mpeg(list: &[Vec<u8>]) -> Vec<u8> {
    boxed(b"meta", &[&[0; 4], &boxed(b"hdlr", &[0; 25])[..], &list.concat()].concat())
}

fn uuid(kind: &[u8; 16], content: &[u8]) -> Vec<u8> {
    boxed(b"uuid", &[kind, content].concat())
}

const OF_XMP: &[u8; 16] = b"\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac";
const OF_SPHERES: &[u8; 16] = b"\xff\xcc\x82\x63\xf8\x55\x4a\x93\x88\x14\x58\x7a\x02\x52\x1f\xdd";
const OF_CANON: &[u8; 16] = b"\x85\xc0\xb6\x87\x82\x0f\x11\xe0\x81\x11\xf4\xce\x46\x2b\x6a\x48";

#[test]
fn a_film_loses_where_it_was_taken_whoever_wrote_it_and_wherever_that_stands() {
    let tells = [
        boxes(b"udta", &[boxed(b"\xa9xyz", &[b"\0\x12\x15\xc7", WHERE].concat())]),
        boxes(b"udta", &[boxed(b"\xa9nam", b"\0\x04\x15\xc7Anna"), boxed(b"loci", WHERE), vec![0; 4]]),
        boxes(b"udta", &[boxed(b"GPMF", WHERE)]),
        boxes(b"udta", &[of_mpeg(&[boxes(b"ilst", &[boxes(b"\xa9xyz", &[boxed(b"data", WHERE)])])])]),
        of_quicktime(),
        of_mpeg(&[of_quicktime()[8..].to_vec()]),
        uuid(OF_XMP, &[XMP, WHERE].concat()),
        uuid(OF_CANON, &boxed(b"CMT4", WHERE)),
    ];
    for tells in tells {
        let track = boxes(b"trak", &[boxed(b"tkhd", b"a track"), tells.clone()]);
        for film in [
            [begin(), boxes(b"moov", &[boxed(b"mvhd", b"a film"), tells.clone()]), pixels()],
            [begin(), pixels(), boxes(b"moov", std::slice::from_ref(&tells))],
            [begin(), long(b"mdat", PIXELS), long(b"moov", &track)],
            [begin(), boxes(b"moof", &[boxes(b"traf", std::slice::from_ref(&tells))]), pixels()],
            [begin(), pixels(), tells],
            [pixels(), boxes(b"moov", &[]), boxes(b"moov", &[track])],
        ] {
            let film = film.concat();
            let hidden = hidden(&film);
            assert!(says(&film, WHERE) && !says(&hidden, WHERE), "{}", hidden.escape_ascii());
        }
    }
    let last = [&begin()[..], &pixels(), b"\0\0\0\0moov", &boxes(b"udta", &[boxed(b"loci", WHERE)])].concat();
    assert!(!says(&hidden(&last), WHERE), "its last box may have no length");
}

#[test]
fn what_else_a_film_says_stays_where_it_is_known() {
    let film =
        [begin(), boxes(b"moov", &[of_quicktime(), uuid(OF_SPHERES, b"all around")]), pixels()].concat();
    let hidden = hidden(&film);
    assert!(says(&hidden, b"a camera") && says(&hidden, b"all around"));

    let music = [boxed(b"\xa9nam", b"a title"), boxed(b"covr", b"a cover")];
    let music = boxes(b"udta", &[of_mpeg(&[boxes(b"ilst", &music)]), boxed(b"cprt", b"whose it is")]);
    let song = [begin(), boxes(b"moov", &[music]), pixels()].concat();
    assert_eq!(read(&song), Found::default());

    let photograph = [&b"\0\0\0\x0d\0\0\0\0\xff\xd8Exif\0\0"[..], &exif(1), WHERE].concat();
    let covered = boxes(b"covr", &[boxed(b"data", &photograph)]);
    let song =
        [begin(), boxes(b"moov", &[boxes(b"udta", &[of_mpeg(&[boxes(b"ilst", &[covered])])])]), pixels()];
    assert!(!says(&self::hidden(&song.concat()), WHERE), "the cover is a photograph");

    let maker = boxes(b"moov", &[boxes(b"udta", &[boxed(b"smta", b"whom nobody knows")])]);
    let found = read(&maker);
    assert!(!found.had_location && !found.blanks.is_empty(), "what nobody knows goes");
    let maker = boxes(b"moov", &[boxes(b"udta", &[boxed(b"PANA", &[b"Exif\0\0", &exif(1)[..]].concat())])]);
    assert!(read(&maker).had_location);
}

/// A track of which each sample says where the camera was, in two pieces; and one of pixels.
fn drive(kind: &[u8; 4], extra: &[u8]) -> Vec<u8> {
    let table = |name: &[u8; 4], numbers: &[u32]| {
        let numbers: Vec<u8> =
            [&[0], numbers].concat().iter().flat_map(|number| number.to_be_bytes()).collect();
        boxed(name, &numbers)
    };
    let kinds = |kind: &[u8; 4], extra: &[u8]| {
        boxed(b"stsd", &[&[0, 0, 0, 0, 0, 0, 0, 1], &boxed(kind, &[&[0; 8], extra].concat())[..]].concat())
    };
    let track =
        |tables: &[Vec<u8>]| boxes(b"trak", &[boxes(b"mdia", &[boxes(b"minf", &[boxes(b"stbl", tables)])])]);
    let first = begin().len() as u32 + 8;
    let long = WHERE.len() as u32;
    let tells = track(&[
        kinds(kind, extra),
        table(b"stsc", &[2, 1, 2, 1, 2, 1, 1]),
        table(b"stsz", &[0, 3, long, 4, long]),
        table(b"stco", &[2, first, first + long + 4 + 6]),
    ]);
    let shows = track(&[
        kinds(b"avc1", &[]),
        table(b"stsc", &[1, 1, 1, 1]),
        table(b"stsz", &[6, 2]),
        table(b"stco", &[2, first + long + 4, first + 2 * long + 10]),
    ]);
    let samples = [WHERE, b"NOON", b"frame1", WHERE, b"frame2", PIXELS].concat();
    [begin(), boxed(b"mdat", &samples), boxes(b"moov", &[shows, tells])].concat()
}

#[test]
fn a_track_of_where_the_camera_was_is_filled_and_the_others_are_not() {
    for film in [drive(b"gpmd", b""), drive(b"mebx", b"....com.apple.quicktime.location.ISO6709")] {
        let hidden = hidden_track(&film);
        assert!(!says(&hidden, WHERE) && !says(&hidden, b"NOON"));
        assert!(says(&hidden, b"frame1\0") && says(&hidden, b"frame2pixels"));
    }
    assert_eq!(read(&drive(b"mebx", b"com.apple.quicktime.detected-face")), Found::default());
    // A table says that there is more than there is, or is not there.
    let film = drive(b"gpmd", b"");
    for name in [&b"stsz"[..], b"stco", b"stsc"] {
        let mut broken = film.clone();
        let at = memmem::rfind(&broken, name).expect("a table");
        broken[at] = b'x';
        assert!(read(&broken).stays, "{}", name.escape_ascii());
    }
    let in_pieces = [film, boxes(b"moof", &[])].concat();
    assert!(read(&in_pieces).stays, "its pieces are not looked for");
}

fn hidden_track(film: &[u8]) -> Vec<u8> {
    let found = read(film);
    assert_eq!(read_slowly(film), found);
    assert!(found.had_location && !found.stays);
    let mut hidden = film.to_vec();
    found.blanks.fill(0, &mut hidden);
    assert_eq!(read(&hidden), Found::default());
    hidden
}

/// A picture of a telephone: what is said about it lies in a box of its own, or in the list.
fn heic(about: &[u8], in_the_list: bool) -> Vec<u8> {
    let info = |id: u8, kind: &[u8]| boxed(b"infe", &[&[2, 0, 0, 0, 0, id, 0, 0], kind, &[0]].concat());
    let infos = [&[0, 0, 0, 0, 0, 2], &info(1, b"hvc1")[..], &info(2, b"Exif")].concat();
    let place = |id: u8, kind: u8, start: usize, length: usize| {
        let [start, length] = [start, length].map(|number| (number as u32).to_be_bytes());
        [&[0, id, 0, kind, 0, 0, 0, 1], &start[..], &length].concat()
    };
    let file = |start: usize| {
        let places = [place(1, 0, 0, 1), place(2, u8::from(in_the_list), start, about.len())].concat();
        let places = boxed(b"iloc", &[&[1, 0, 0, 0, 0x44, 0, 0, 2], &places[..]].concat());
        let data = boxed(b"idat", if in_the_list { about } else { b"" });
        let list = of_mpeg(&[boxed(b"iinf", &infos), places, data]);
        let rest = if in_the_list { PIXELS.to_vec() } else { [about, PIXELS].concat() };
        [boxed(b"ftyp", b"heic\0\0\0\0mif1heic"), list, boxed(b"mdat", &rest)].concat()
    };
    let start = if in_the_list { 0 } else { file(0).len() - PIXELS.len() - about.len() };
    file(start)
}

fn sent(bytes: &[u8], as_file: bool) -> Inspected {
    inspect(&bytes.to_vec().into(), as_file, &|| false)
}

#[test]
fn pictures_that_are_not_shown_lose_their_location_too() {
    let told = [&[0, 0, 0, 6][..], &b"Exif\0\0"[..], &exif(1)[..]].concat();
    let told_at_once = [&[0; 4], &exif(1)[..]].concat();
    let raw = [&exif(1)[..], b"and pixels"].concat();
    for bytes in [
        heic(&told, false),
        heic(&told_at_once, false),
        heic(&told_at_once, true),
        heic(&[XMP, LOCATION].concat(), false),
        raw,
    ] {
        let inspected = sent(&bytes, false);
        assert!(inspected.had_location && !inspected.location_stays, "{}", bytes.escape_ascii());
        let stripped = inspected.stripped.expect("it is another");
        assert!(says(&bytes, LOCATION) && !says(&stripped, LOCATION) && stripped.len() == bytes.len());
        let again = sent(&stripped, false);
        assert_eq!((again.stripped, again.had_location), (None, false));
        let as_file = sent(&bytes, true);
        assert_eq!((as_file.stripped, as_file.had_location), (None, true));
    }
    let directories = sent(&[&exif(1)[..], b"and pixels"].concat(), false).stripped.expect("it is another");
    assert!(says(&directories, b"Anna") && says(&directories, b"and pixels"), "the rest is as it was");
}

#[test]
fn a_location_that_is_where_nobody_looks_is_said_to_stay() {
    // In a form of pictures that is not taken apart, and in one that breaks off.
    let told = [b"Exif\0\0", &exif(1)[..]].concat();
    let of_fuji = [&b"FUJIFILMCCD-RAW "[..], &told].concat();
    let breaks_off = [&b"\xff\xd8\xff\xe1\0\x60"[..], &told].concat();
    for bytes in [of_fuji, breaks_off] {
        assert!(sent(&bytes, false).location_stays);
    }
    let deep = (0..40).fold(boxes(b"udta", &[boxed(b"loci", WHERE)]), |inner, _| boxes(b"mdia", &[inner]));
    assert!(read(&boxes(b"moov", &[boxes(b"trak", &[deep])])).stays);
    let mut many = boxed(b"loci", b"").repeat(MAX_BLANKS + 1);
    many.truncate(many.len());
    assert!(read(&boxes(b"moov", &[boxed(b"udta", &many)])).stays);
    let in_a_car = boxes(b"moov", &[boxed(b"gps ", &[0; 16])]);
    assert!(read(&in_a_car).stays);
    let outside = {
        let mut bytes = heic(&[&[0; 4], &exif(1)[..]].concat(), false);
        let at = memmem::find(&bytes, b"iloc").expect("a table");
        // Its data is in another file.
        bytes[at + 4 + 8 + 16 + 5] = 1;
        bytes
    };
    assert!(read(&outside).stays, "{}", outside.escape_ascii());
}

#[test]
fn what_is_cut_off_or_damaged_anywhere_ends_in_an_answer_and_leaves_pixels_alone() {
    let told = [&[0; 4], &exif(1)[..]].concat();
    let film = [begin(), pixels(), boxes(b"moov", &[of_quicktime(), uuid(OF_XMP, XMP)])].concat();
    for whole in [film, drive(b"gpmd", b""), heic(&told, false), heic(&told, true), exif(1)] {
        for end in 0..whole.len() {
            read(&whole[..end]);
            sent(&whole[..end], false);
            for flipped in [0xff, 0x80, 0x01] {
                let mut damaged = whole.clone();
                damaged[end] ^= flipped;
                assert_eq!(read(&damaged), read_slowly(&damaged));
                let kept = sent(&damaged, false).stripped;
                assert!(kept.is_none_or(|kept| kept.len() == damaged.len()));
            }
        }
    }
    for nothing in [&b""[..], b"\0\0\0\x08", b"hello, this is a text", &[0; 64], &[0xff; 64]] {
        assert_eq!(read(nothing), Found::default());
    }
}

#[test]
fn a_box_that_has_no_end_costs_no_more_than_it_has_bytes() {
    // Lengths of which each is the least there is, lists in lists, and a list of which the length is the largest there is.
    let least = [begin(), boxed(b"moov", &boxed(b"free", b"").repeat(100_000))].concat();
    let lists = [begin(), [0, 0, 0, 0, b'm', b'e', b't', b'a', 0, 0, 0, 0].repeat(10_000)].concat();
    let largest =
        [&begin()[..], b"\0\0\0\x01moov\xff\xff\xff\xff\xff\xff\xff\xff", &boxed(b"udta", b"")].concat();
    for bytes in [least, lists, largest] {
        assert!(!read(&bytes).had_location);
    }
    let loops =
        [&b"II*\0\x08\0\0\0\x01\0\x4a\x01\x04\0\xff\xff\xff\xff\0\0\0\0\x08\0\0\0"[..], &exif(1)].concat();
    sent(&loops, false);
}
