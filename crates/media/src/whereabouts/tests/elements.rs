//! Matroska and WebM.

use super::{PIXELS, WHERE, ends_however_it_is_damaged, hidden, read, says};
use crate::samples::{XMP, exif};
use crate::whereabouts::Found;
use crate::whereabouts::found::MAX_BLANKS;

const SEGMENT: &[u8] = b"\x18\x53\x80\x67";
const CLUSTER: &[u8] = b"\x1f\x43\xb6\x75";
const TAGS: &[u8] = b"\x12\x54\xc3\x67";
const TAG: &[u8] = b"\x73\x73";
const ENTRY: &[u8] = b"\x67\xc8";
const NAME: &[u8] = b"\x45\xa3";
const TEXT: &[u8] = b"\x44\x87";
const ATTACHMENTS: &[u8] = b"\x19\x41\xa4\x69";
const ATTACHMENT: &[u8] = b"\x61\xa7";
const DATA: &[u8] = b"\x46\x5c";
/// Of nothing that has an end.
const ENDLESS: &[u8] = b"\x01\xff\xff\xff\xff\xff\xff\xff";

fn element(id: &[u8], content: &[u8]) -> Vec<u8> {
    let length = match content.len() as u32 {
        length @ ..=126 => vec![0x80 | length as u8],
        length => [&[0x10 | (length >> 24) as u8], &length.to_be_bytes()[1..]].concat(),
    };
    [id, &length, content].concat()
}

fn elements(id: &[u8], content: &[Vec<u8>]) -> Vec<u8> {
    element(id, &content.concat())
}

/// With a length of eight bytes, as those write it who do not know it before.
fn long(id: &[u8], content: &[u8]) -> Vec<u8> {
    [id, &(content.len() as u64 | 1 << 56).to_be_bytes(), content].concat()
}

fn begin() -> Vec<u8> {
    element(b"\x1a\x45\xdf\xa3", &element(b"\x42\x82", b"matroska"))
}

fn pixels() -> Vec<u8> {
    element(CLUSTER, &element(b"\xa3", PIXELS))
}

fn entry(name: &[u8], text: &[u8]) -> Vec<u8> {
    elements(ENTRY, &[element(NAME, name), element(b"\x44\x7a", b"und"), element(TEXT, text)])
}

fn tags(entries: &[Vec<u8>]) -> Vec<u8> {
    elements(TAGS, &[elements(TAG, &[element(b"\x63\xc0", b""), entries.concat()])])
}

#[test]
fn a_film_loses_where_it_was_taken_whoever_wrote_it_and_wherever_that_stands() {
    let inner = entry(b"LOCATION", WHERE);
    let names = [
        tags(&[entry(b"TITLE", b"the sea"), entry(b"LOCATION", WHERE)]),
        tags(&[entry(b"LOCATION-eng", WHERE)]),
        tags(&[entry(b"COM.APPLE.QUICKTIME.LOCATION.ISO6709", WHERE)]),
        tags(&[entry(b"\xc2\xa9xyz", WHERE)]),
        tags(&[entry(b"GPS_LATITUDE", WHERE)]),
        tags(&[elements(ENTRY, &[element(TEXT, WHERE), element(NAME, b"RECORDING_LOCATION")])]),
        tags(&[elements(ENTRY, &[element(NAME, b"TITLE"), element(TEXT, b"the sea"), inner])]),
        tags(&[entry(b"LOCATION", &[WHERE, &[b' '; 500]].concat())]),
        tags(&[entry(b"XMP", &[XMP, WHERE].concat())]),
        tags(&[long(ENTRY, &[element(NAME, b"LOCATION"), element(TEXT, WHERE)].concat())]),
        tags(&[elements(ENTRY, &[element(NAME, b"location"), element(b"\x44\x85", WHERE)])]),
    ];
    for tags in names {
        for film in [
            [begin(), elements(SEGMENT, &[tags.clone(), pixels()])],
            [begin(), elements(SEGMENT, &[pixels(), tags.clone()])],
            // As a browser records, which knows no lengths.
            [begin(), [SEGMENT, ENDLESS, CLUSTER, ENDLESS, &element(b"\xa3", PIXELS), &tags].concat()],
            [begin(), [SEGMENT, ENDLESS, &pixels(), &begin(), SEGMENT, ENDLESS, &tags].concat()],
        ] {
            let film = film.concat();
            let hidden = hidden(&film);
            assert!(says(&film, WHERE) && !says(&hidden, WHERE), "{}", hidden.escape_ascii());
            assert_eq!(says(&film, b"the sea"), says(&hidden, b"the sea"));
        }
    }
}

#[test]
fn a_photograph_that_is_attached_goes_and_other_files_stay() {
    let photograph = [b"\xff\xd8\xff\xe1Exif\0\0", &exif(1)[..], WHERE].concat();
    let attached =
        |data: &[u8]| elements(ATTACHMENT, &[element(b"\x46\x6e", b"a file"), element(DATA, data)]);
    let attached = elements(ATTACHMENTS, &[attached(&photograph), attached(b"a font"), attached(b"")]);
    let film = [begin(), elements(SEGMENT, &[attached, pixels()])].concat();
    let hidden = hidden(&film);
    assert!(!says(&hidden, WHERE) && says(&hidden, b"a font"));
}

#[test]
fn a_check_sum_of_what_has_changed_is_none_any_more() {
    let sum = |id: &[u8], content: &[Vec<u8>]| elements(id, &[element(b"\xbf", b"sums"), content.concat()]);
    let told = sum(TAGS, &[sum(TAG, &[entry(b"LOCATION", WHERE)]), sum(TAG, &[entry(b"TITLE", b"the sea")])]);
    let film = [begin(), sum(SEGMENT, &[sum(CLUSTER, &[element(b"\xa3", PIXELS)]), told])].concat();
    let count = |bytes: &[u8]| memchr::memmem::find_iter(bytes, b"\xbf\x84sums").count();
    let hidden = hidden(&film);
    // Those of the cluster and of the other tag.
    assert_eq!((count(&film), count(&hidden)), (5, 2), "{}", hidden.escape_ascii());
    assert_eq!(memchr::memmem::find_iter(&hidden, b"\xec\x84\0\0\0\0").count(), 3);
}

#[test]
fn what_says_nothing_of_a_location_stays_as_it_is() {
    let music = tags(&[entry(b"TITLE", b"Allocation"), entry(b"ARTIST", b"GPS"), entry(b"LOCATION", b"")]);
    let without = tags(&[entry(b"TITLE", b"location"), entry(b"ENCODER", b"Chrome")]);
    let film = [begin(), elements(SEGMENT, &[without, pixels()])].concat();
    assert_eq!(read(&film), Found::default());
    let film = [begin(), elements(SEGMENT, &[music, pixels()])].concat();
    assert!(says(&hidden(&film), b"Allocation"), "of a name without a value it does not look at that");
}

#[test]
fn a_location_that_is_where_nobody_looks_is_said_to_stay() {
    let deep = (0..40).fold(entry(b"LOCATION", WHERE), |inner, _| elements(ENTRY, &[inner]));
    let many = tags(&[entry(b"GPS", b"").repeat(MAX_BLANKS + 1)]);
    let endless = tags(&[[ENTRY, b"\xff", NAME].concat()]);
    let no_id = tags(&[b"\x01\x02\x03\x04\x05\x06".to_vec()]);
    for tags in [tags(&[deep]), many, endless, no_id] {
        let film = [begin(), elements(SEGMENT, &[tags])].concat();
        assert!(read(&film).stays);
    }
}

#[test]
fn what_is_cut_off_or_damaged_anywhere_ends_in_an_answer() {
    let told = tags(&[entry(b"TITLE", b"the sea"), entry(b"LOCATION", WHERE)]);
    let attached = elements(ATTACHMENTS, &[elements(ATTACHMENT, &[element(DATA, &exif(1))])]);
    ends_however_it_is_damaged(&[begin(), elements(SEGMENT, &[told.clone(), attached])].concat());
    ends_however_it_is_damaged(&[&begin(), SEGMENT, ENDLESS, CLUSTER, ENDLESS, b"\xa3\x80", &told].concat());
    let whole = [begin(), elements(SEGMENT, &[told])].concat();
    assert!(read(&whole[..whole.len() - 1]).had_location, "its last byte is missing");
}

#[test]
fn an_element_that_has_no_end_costs_no_more_than_it_has_bytes() {
    let least = [begin(), [SEGMENT, ENDLESS].concat(), b"\xec\x80".repeat(100_000)].concat();
    let in_each_other = [begin(), [SEGMENT, ENDLESS].concat().repeat(10_000)].concat();
    let clusters =
        [begin(), [SEGMENT, ENDLESS].concat(), [CLUSTER, ENDLESS].concat().repeat(10_000)].concat();
    let largest = [&begin()[..], SEGMENT, ENDLESS, TAGS, b"\x01\xff\xff\xff\xff\xff\xff\xfe"].concat();
    for bytes in [least, in_each_other, clusters, largest] {
        assert!(!read(&bytes).had_location);
    }
}
