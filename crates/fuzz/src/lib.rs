//! Everything that reads what strangers send, fed with anything: frames, bodies, the WebSocket codec, pictures,
//! web pages, searches and headers. CommonMark is read by the web client alone: `web/src/ui/chat/markup/fuzz.test.ts` is of the same kind.
//!
//! A target takes bytes and panics where a promise is broken. `cargo test` gives each of them what is kept in
//! `inputs/`, and some thousands of inputs that are made of it by chance (`chance.rs`). `make fuzz` builds them with
//! libFuzzer, which learns from what an input reaches, and goes on for as long as one likes; what it finds it puts into
//! `inputs/`, so that the test has it from then on.
//!
//! The server's own readers are private to it, and a whole server is dear to build for a fuzzer: their files are
//! taken in as they are.

mod bodies;
#[cfg(test)]
mod chance;
mod films;
mod frames;
mod headers;
mod pages;
mod pictures;
mod searches;
mod spelled;
mod websocket;

/// A target by its name, which is that of its folder in `inputs/`.
pub struct Target {
    pub name: &'static str,
    pub run: fn(&[u8]),
    /// Inputs that a test makes up.
    pub inputs: usize,
    pub longest: usize,
}

pub const TARGETS: [Target; 12] = [
    Target { name: "frames", run: frames::frame, inputs: 10_000, longest: 300 },
    Target { name: "rich_text", run: frames::rich_text, inputs: 3_000, longest: 2_000 },
    Target { name: "bodies", run: bodies::body, inputs: 3_000, longest: 200 },
    Target { name: "fields", run: bodies::field, inputs: 5_000, longest: 200 },
    Target { name: "codec_in", run: websocket::incoming, inputs: 10_000, longest: 400 },
    Target { name: "codec_out", run: websocket::outgoing, inputs: 1_000, longest: 70_000 },
    Target { name: "headers", run: headers::forwarded, inputs: 5_000, longest: 100 },
    Target { name: "pictures", run: pictures::picture, inputs: 10_000, longest: 400 },
    Target { name: "uploads", run: pictures::upload, inputs: 2_000, longest: 1_000 },
    Target { name: "films", run: films::film, inputs: 20_000, longest: 600 },
    Target { name: "pages", run: pages::page, inputs: 5_000, longest: 500 },
    Target { name: "searches", run: searches::search, inputs: 10_000, longest: 200 },
];

#[cfg(test)]
mod tests {
    use super::*;

    fn run(name: &str) {
        let target = TARGETS.iter().find(|target| target.name == name).expect("a target");
        chance::run(target);
    }

    #[test]
    fn a_frame_is_read_as_it_stands_or_refused_in_words() {
        run("frames");
    }

    #[test]
    fn a_rich_text_is_judged_the_same_wherever_it_stands() {
        run("rich_text");
    }

    #[test]
    fn a_body_is_read_or_refused_and_what_was_read_is_written_the_same() {
        run("bodies");
    }

    #[test]
    fn what_a_field_keeps_it_takes_again_and_keeps_the_same() {
        run("fields");
    }

    #[test]
    fn frames_are_cut_where_tungstenite_cuts_them() {
        run("codec_in");
    }

    #[test]
    fn what_the_server_writes_tungstenite_reads() {
        run("codec_out");
    }

    #[test]
    fn who_is_no_proxy_names_nobody_else() {
        run("headers");
    }

    #[test]
    fn a_picture_is_known_or_refused() {
        run("pictures");
    }

    #[test]
    fn a_picture_that_was_cleaned_is_clean() {
        run("uploads");
    }

    #[test]
    fn a_film_that_was_filled_does_not_say_where_it_was_taken_and_is_as_long_as_it_was() {
        run("films");
    }

    #[test]
    fn a_page_says_little_in_one_line() {
        run("pages");
    }

    #[test]
    fn the_index_finds_what_matches_and_ranges_are_in_the_text() {
        run("searches");
    }

    #[test]
    fn every_target_has_inputs_and_every_input_a_target() {
        let mut folders = chance::folders();
        let mut names = TARGETS.map(|target| target.name.to_owned()).to_vec();
        folders.sort();
        names.sort();
        assert_eq!(folders, names);
    }
}
