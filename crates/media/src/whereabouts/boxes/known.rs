//! Which boxes tell of a location, and which are needed: the others of their kind are hidden, as nobody here has heard of them.

use crate::whereabouts::words::is_of_a_location;

/// In what a box stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    File,
    /// What holds others and says nothing itself.
    Container,
    Track,
    Fragment,
    /// What applications put beside a film or a track.
    UserData,
    /// A list of metadata,
    Meta,
    /// and its values.
    Values,
    /// What Canon has for the EXIF of a picture.
    Maker,
}

impl Place {
    /// Whether what stands in it may tell.
    pub(super) const fn tells(self) -> bool {
        matches!(self, Self::UserData | Self::Meta | Self::Values | Self::Maker)
    }
}

/// What is done about a box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Does {
    Nothing,
    /// It holds others, behind so many bytes.
    Hold(Place, u64),
    /// It is a list of metadata.
    List,
    /// It names a location.
    Tell,
    /// It names locations that are elsewhere in the file.
    Stay,
    /// It may name one.
    Hide,
    /// The same, and it is needed if it does not.
    Weigh,
    /// A value of a list, of which the keys tell what it is.
    Item,
    /// What items of a list are in.
    Data,
    Table,
}

/// By which a file of boxes is known.
pub(super) fn begins_a_file(name: [u8; 4]) -> bool {
    matches!(
        &name,
        b"ftyp" | b"styp" | b"moov" | b"moof" | b"mdat" | b"wide" | b"free" | b"skip" | b"pnot" | b"JXL "
    )
}

pub(super) fn what(place: Place, name: [u8; 4], kind: Option<&[u8]>) -> Does {
    if let Some(kind) = kind {
        return match kind {
            CANON => Does::Hold(Place::Maker, 0),
            kind if NEEDED.contains(&kind) => Does::Nothing,
            _ => Does::Hide,
        };
    }
    match (place, &name) {
        (Place::File, b"moov") => Does::Hold(Place::Container, 0),
        (Place::File, b"moof") => Does::Hold(Place::Fragment, 0),
        // The film of a picture that moves.
        (Place::File, b"mpvd") => Does::Hold(Place::File, 0),
        (Place::File, b"Exif" | b"xml " | b"brob" | b"sefd") => Does::Hide,
        (Place::Container, b"trak") => Does::Hold(Place::Track, 0),
        (Place::Container | Place::Track, b"mdia" | b"minf" | b"stbl") => Does::Hold(Place::Container, 0),
        // Of cameras in cars.
        (Place::Container, b"gps ") => Does::Stay,
        (Place::Container, b"stsd" | b"stsc" | b"stsz" | b"stz2" | b"stco" | b"co64") => Does::Table,
        (Place::Fragment, b"traf") => Does::Hold(Place::Fragment, 0),
        (Place::Meta, b"ilst") => Does::Hold(Place::Values, 0),
        (Place::Meta, b"keys" | b"iinf" | b"iloc") => Does::Table,
        (Place::Meta, b"idat") => Does::Data,
        (Place::Meta, b"xml " | b"bxml") => Does::Hide,
        (Place::Meta, _) => Does::Nothing,
        (Place::Values | Place::UserData, b"\xa9xyz") => Does::Tell,
        // The cover of an album, which may be a photograph.
        (Place::Values, b"covr") => Does::Weigh,
        (Place::Values, _) => Does::Item,
        (Place::Maker, b"CMT4") => Does::Tell,
        (Place::Maker, _) => Does::Nothing,
        (Place::UserData, b"@xyz" | b"loci" | b"gps " | b"GPS " | b"gps0" | b"GPS0" | b"GPMF" | b"NCDT") => {
            Does::Tell
        }
        (Place::UserData, b"meta") => Does::List,
        // Texts of QuickTime and of 3GPP, such as titles, and what players go by.
        (Place::UserData, [0xa9, ..]) => Does::Nothing,
        (Place::UserData, name) if TITLES.contains(&name) => Does::Nothing,
        (Place::UserData, _) => Does::Hide,
        (_, b"udta") => Does::Hold(Place::UserData, 0),
        (_, b"meta") => Does::List,
        (_, b"XMP_") => Does::Hide,
        _ => Does::Nothing,
    }
}

const TITLES: [&[u8; 4]; 24] = [
    b"titl", b"auth", b"perf", b"gnre", b"dscp", b"cprt", b"albm", b"yrrc", b"rtng", b"clsf", b"kywd",
    b"name", b"kind", b"hnti", b"hinf", b"chpl", b"tsel", b"ludt", b"LOOP", b"AllF", b"SelO", b"free",
    b"skip", b"wide",
];

const CANON: &[u8] = b"\x85\xc0\xb6\x87\x82\x0f\x11\xe0\x81\x11\xf4\xce\x46\x2b\x6a\x48";

/// Boxes that are known by 16 bytes and that players need: of films all around one, of encrypted ones, and of those in pieces.
const NEEDED: [&[u8]; 7] = [
    b"\xff\xcc\x82\x63\xf8\x55\x4a\x93\x88\x14\x58\x7a\x02\x52\x1f\xdd",
    b"\xd0\x8a\x4f\x18\x10\xf3\x4a\x82\xb6\xc8\x32\xd8\xab\xa1\x83\xd3",
    b"\xa2\x39\x4f\x52\x5a\x9b\x4f\x14\xa2\x44\x6c\x42\x7c\x64\x8d\xf4",
    b"\x89\x74\xdb\xce\x7b\xe7\x4c\x51\x84\xf9\x71\x48\xf9\x88\x25\x54",
    b"\x6d\x1d\x9b\x05\x42\xd5\x44\xe6\x80\xe2\x14\x1d\xaf\xf7\x57\xb2",
    b"\xd4\x80\x7e\xf2\xca\x39\x46\x95\x8e\x54\x26\xcb\x9e\x46\xa7\x9f",
    b"PROF\x21\xd2\x4f\xce\xbb\x88\x69\x5c\xfa\xc9\xc7\x40",
];

/// Tables that say where the samples of a track are.
pub(super) fn is_of_samples(name: [u8; 4]) -> bool {
    matches!(&name, b"stsc" | b"stsz" | b"stz2" | b"stco" | b"co64")
}

/// Where in a table of kinds of samples those begin that tell where the camera was in each moment.
pub(super) fn tell_in_samples(table: &[u8]) -> Vec<usize> {
    let mut tell = Vec::new();
    let mut rest = table.get(8..).unwrap_or_default();
    while let Some((head, _)) = rest.split_first_chunk::<8>() {
        let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let entry = &rest[..length.clamp(8, rest.len())];
        let tells = match &head[4..] {
            b"gpmd" | b"camm" | b"djmd" | b"rtmd" | b"gps " => true,
            b"mebx" => is_of_a_location(entry),
            _ => false,
        };
        if tells {
            tell.push(table.len() - rest.len());
        }
        rest = &rest[entry.len()..];
    }
    tell
}
