//! Search, on a store of which it is known what must be found.
//!
//! The server makes its index of everything that is there; then all kinds of queries are asked, by somebody who is in all
//! groups, by somebody who is in few of them, and in one group alone. At the end messages are sent while the index is kept up,
//! while it is made anew, and without it.

mod truth;

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use clap::Args;
use rim_client::{Api, ApiError};
use serde::Deserialize;
use serde_json::{Value, json};

use self::truth::{Test, Truth, Who};
use crate::latency::Latencies;
use crate::metrics::Indexed;
use crate::people::Person;
use crate::process::Meter;
use crate::report::{Report, Unit};
use crate::scenario::{Bench, rate};
use crate::store::words::{A_NEEDLE, CHARACTERS, WORDS, character, chinese, english, needle};
use crate::store::{HEAVY, LARGE, Plan, account};

/// Hits of a page, as the web client asks for them.
const PAGE: usize = 20;
/// How many hits of each kind are compared, page after page.
const DEEP: usize = 100;
/// Different queries of each kind.
const QUERIES: usize = 20;
/// How often it is looked how far the index is, and how long nothing may come of it.
const LOOK: Duration = Duration::from_millis(250);
const PATIENCE: Duration = Duration::from_secs(60);
/// What a server answers that has no time for it.
const BUSY: u16 = 503;
/// Chats that messages are sent to.
const CHATS: usize = 50;

#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Queries of each kind
    #[arg(long, default_value_t = 200)]
    pub(crate) rounds: usize,
    /// Messages a second that are sent with the index and without it
    #[arg(long, default_value_t = 2_000)]
    pub(crate) rate: u64,
    /// How long they are sent
    #[arg(long, default_value_t = 10)]
    pub(crate) seconds: u64,
}

pub(crate) async fn run(bench: &mut Bench, options: Options) -> anyhow::Result<Report> {
    ensure!(options.rounds > 0, "--rounds: at least 1");
    let manifest = bench.target.manifest.as_ref().context("--data: a folder that `fill` has filled")?;
    let (plan, filled_at) = (manifest.plan.clone(), manifest.filled_at);
    ensure!(plan.words && plan.groups > 0, "--data: a folder that `fill --words` has filled with messages");
    let large = manifest.large.as_ref().context("the store has no groups")?.gid;
    let (all, few) = (&manifest.heavy, &manifest.light);
    let all = bench.target.known(all.uid, &all.token);
    let few = bench.target.known(few.uid, &few.token);

    let indexing = Indexing::begin(bench).await?;
    let truth = Truth::new(&plan, filled_at, &manifest.order);
    let mut report = Report::new(format!("Searching {} messages", plan.messages))
        .condition("groups", plan.groups)
        .condition("messages", plan.messages)
        .condition("bytes of text", truth.bytes())
        .condition("queries of each kind", options.rounds);
    report = indexing.end(bench, &truth, report).await?;

    let whos = [
        ("all groups", &all, Who::All, None),
        ("20 groups", &few, Who::Few, None),
        ("one group", &all, Who::One(LARGE), Some(large)),
    ];
    let (mut wrong, mut partial, mut refused) = (0, 0, 0);
    for (kind, questions) in kinds(&plan, &truth) {
        for (place, person, who, gid) in whos {
            let truth = &truth;
            let mut asking = Asking { truth, person, who, gid, kind, wrong: 0, partial: 0, refused: 0 };
            let questions: Vec<_> = questions.iter().map(|question| asking.expect(question)).collect();
            asking.deep(&questions[0]).await?;
            let mut took = Latencies::new();
            let meter = Meter::start(&bench.server.process)?;
            for question in questions.iter().cycle().take(options.rounds) {
                took.add(asking.ask(question).await?);
            }
            let spent = meter.stop(&bench.server.process)?;
            let milliseconds = |percent| took.percentile(percent).as_secs_f64() * 1e3;
            let name = |figure: &str| format!("{kind}, {place}: {figure}");
            report = report
                .figure(&name("p50"), milliseconds(50.0), Unit::Milliseconds)
                .figure(&name("p99"), milliseconds(99.0), Unit::Milliseconds)
                .figure(&name("CPU"), spent.cpu_each(took.count()), Unit::Microseconds);
            report = report.beside(&spent, took.count(), &format!("of {kind}, {place}"));
            wrong += asking.wrong;
            partial += asking.partial;
            refused += asking.refused;
        }
    }
    report = report.fault("wrong answers", wrong).fault("answers that came to nothing", refused).figure(
        "partial answers",
        partial,
        Unit::Count,
    );
    sends(bench, &options, report).await
}

/// How the index is made of what is there.
struct Indexing {
    begun: Instant,
    meter: Meter,
    before: Indexed,
}

impl Indexing {
    async fn begin(bench: &Bench) -> anyhow::Result<Self> {
        let meter = Meter::start(&bench.server.process)?;
        Ok(Self { begun: Instant::now(), meter, before: Indexed::so_far(&bench.target.api).await? })
    }

    /// Waits for the whole index. Of one that was there already nothing is told.
    async fn end(self, bench: &Bench, truth: &Truth, mut report: Report) -> anyhow::Result<Report> {
        let (last, took) = whole(&bench.target.api, self.begun).await?;
        let spent = self.meter.stop(&bench.server.process)?;
        let messages = (last.messages - self.before.messages) as u64;
        if messages > 0 {
            report = report
                .figure("index: messages", messages, Unit::Count)
                .figure("index: takes", took.as_secs_f64(), Unit::Seconds)
                .figure("index: CPU a message", spent.cpu_each(messages), Unit::Microseconds)
                .beside(&spent, messages, "a message that is put into the index")
                .figure(
                    "index: a commit takes",
                    (last.commit_seconds - self.before.commit_seconds) * 1e3
                        / (last.commits - self.before.commits).max(1.0),
                    Unit::Milliseconds,
                )
                .figure(
                    "index: written to disk a message",
                    spent.written as f64 / messages as f64,
                    Unit::Bytes,
                );
        }
        if let Some(said) = bench.server.command(&["search", "status"]).await? {
            let bytes = bytes_of(&said).with_context(|| format!("rim search status: {said}"))?;
            report = report.figure("index: bytes", bytes, Unit::Bytes).figure(
                "index: index by text",
                bytes as f64 / truth.bytes() as f64,
                Unit::Ratio,
            );
        }
        Ok(report)
    }
}

/// Waits until nothing waits for the index any more, and tells how long that took.
async fn whole(api: &Api, begun: Instant) -> anyhow::Result<(Indexed, Duration)> {
    let (mut last, mut moved) = (Indexed::so_far(api).await?, Instant::now());
    // It is looked for what waits when the server is up: nothing may wait yet.
    let mut quiet = 0;
    while quiet < 8 {
        tokio::time::sleep(LOOK).await;
        let now = Indexed::so_far(api).await?;
        if now.messages > last.messages {
            moved = Instant::now();
        }
        quiet = if now.waiting == 0.0 && now.messages == last.messages { quiet + 1 } else { 0 };
        ensure!(moved.elapsed() < PATIENCE, "the index stands still: {} messages wait", now.waiting);
        last = now;
    }
    Ok((last, moved.duration_since(begun)))
}

/// The megabytes that `rim search status` ends with.
fn bytes_of(said: &str) -> Option<u64> {
    let megabytes: u64 = said.trim().strip_suffix(" MB")?.rsplit(' ').next()?.parse().ok()?;
    Some(megabytes * 1_000_000)
}

/// What is asked, and what must hold of what is found.
#[derive(Debug, Clone)]
struct Question {
    body: Value,
    tests: Vec<Test>,
}

impl Question {
    fn new(q: impl Into<String>, tests: impl Into<Vec<Test>>) -> Self {
        Self { body: json!({"q": q.into(), "size": PAGE}), tests: tests.into() }
    }

    /// A word, with a blank behind it: the last is the beginning of one else.
    fn word(word: &str) -> Self {
        Self::new(format!("{word} "), [Test::Words(word.to_owned())])
    }

    fn part(part: impl Into<String>) -> Self {
        let part = part.into();
        Self::new(part.clone(), [Test::Inside(part)])
    }

    fn beginning(begin: &str) -> Self {
        Self::new(begin, [Test::Begins(begin.to_owned())])
    }

    fn before(mut self, at: i64) -> Self {
        self.body["before"] = json!(at);
        self.tests.push(Test::Before(at));
        self
    }
}

/// Every kind of query, and queries of each.
fn kinds(plan: &Plan, truth: &Truth) -> Vec<(&'static str, Vec<Question>)> {
    // Numbers that lie evenly below one.
    let spread = |at: usize, below: u64| at as u64 * (below / QUERIES as u64);
    let rare = |at: usize| WORDS - 1 - at * 100;
    let before = |question: Question, at: usize| {
        question.before(truth.at((plan.messages / 2 + spread(at, plan.messages / 4)) as usize).1)
    };
    let four = |at: usize| {
        let from = spread(at, plan.messages) as usize;
        let text = (from..).map(|place| truth.at(place).0).find(|text| !text.is_ascii());
        text.unwrap_or_default().chars().skip(2).take(4).collect::<String>()
    };
    let each = |question: &dyn Fn(usize) -> Question| (0..QUERIES).map(question).collect();
    let words = |first: String, second: String| {
        let tests = [&first, &second].map(|word| Test::Words(word.clone()));
        Question::new(format!("{first} {second} "), tests)
    };
    vec![
        ("a common word", each(&|at| Question::word(&english(1 + at % 5)))),
        ("a rare word", each(&|at| Question::word(&english(rare(at))))),
        ("a common Chinese word", each(&|at| Question::part(chinese(1 + at % 5)))),
        ("a rare Chinese word", each(&|at| Question::part(chinese(rare(at))))),
        ("a common Chinese character", each(&|at| Question::part(character(at % 5)))),
        ("a rare Chinese character", each(&|at| Question::part(character(CHARACTERS - 1 - at * 20)))),
        ("four Chinese characters", each(&|at| Question::part(four(at)))),
        ("one letter", each(&|at| Question::beginning(&english(at)[..1]))),
        ("three letters", each(&|at| Question::beginning(&english(at * 50)[..3]))),
        ("two common words", each(&|at| words(english(1 + at % 5), english(7 + at % 5)))),
        ("a common and a rare word", each(&|at| words(english(1 + at % 5), english(rare(at))))),
        (
            "a phrase",
            each(&|at| {
                let phrase = format!("{} {}", english(10 + at), english(11 + at));
                Question::new(format!("\"{phrase}\""), [Test::Words(phrase)])
            }),
        ),
        (
            "a word of one message",
            each(&|at| Question::word(&needle(spread(at, plan.messages) / A_NEEDLE * A_NEEDLE))),
        ),
        ("a word of none", each(&|at| Question::word(&format!("nobody{at}")))),
        ("a common word, before a day", each(&|at| before(Question::word(&english(1 + at % 5)), at))),
        ("all before a day", each(&|at| before(Question::new("", []), at))),
        (
            "all of one sender",
            each(&|at| {
                let sender = if at % 2 == 0 { HEAVY } else { 2 + at as u64 };
                Question::new(format!("from:{}", account(sender)), [Test::From(sender)])
            }),
        ),
        ("all with a link", each(&|_| Question::new("has:link", [Test::Inside("https://".to_owned())]))),
    ]
}

/// Asks as one user, in one place.
struct Asking<'a> {
    truth: &'a Truth,
    person: &'a Person,
    who: Who,
    gid: Option<u64>,
    kind: &'static str,
    wrong: u64,
    partial: u64,
    refused: u64,
}

/// A query with the newest of what it must find.
struct Expected<'a> {
    body: Value,
    texts: Vec<&'a str>,
}

#[derive(Deserialize)]
struct Answer {
    hits: Vec<Hit>,
    partial: bool,
    next: Option<u64>,
}

#[derive(Deserialize)]
struct Hit {
    msg: Message,
}

#[derive(Deserialize)]
struct Message {
    content: String,
}

impl<'a> Asking<'a> {
    fn expect(&self, question: &Question) -> Expected<'a> {
        let mut body = question.body.clone();
        if let Some(gid) = self.gid {
            body["gid"] = json!(gid);
        }
        Expected { body, texts: self.truth.newest(self.who, &question.tests, DEEP + 1) }
    }

    /// How long an answer took, which is looked at.
    async fn ask(&mut self, Expected { body, texts }: &Expected<'_>) -> anyhow::Result<Duration> {
        let start = Instant::now();
        let answer = self.answer(body).await?;
        let took = start.elapsed();
        let Some(answer) = answer else { return Ok(took) };
        self.partial += u64::from(answer.partial);
        let expected = &texts[..texts.len().min(PAGE)];
        if !answer.partial {
            self.compare(body, expected, &answer.hits, answer.next.is_some() == (texts.len() > PAGE));
        }
        Ok(took)
    }

    /// Turns pages, and looks at what is on all of them.
    async fn deep(&mut self, Expected { body, texts }: &Expected<'_>) -> anyhow::Result<()> {
        let (mut body, mut hits, mut is_whole) = (body.clone(), Vec::new(), false);
        while hits.len() <= DEEP && !is_whole {
            let Some(Answer { hits: more, next, .. }) = self.answer(&body).await? else { return Ok(()) };
            hits.extend(more);
            is_whole = next.is_none();
            body["beforeId"] = json!(next);
        }
        hits.truncate(DEEP + 1);
        self.compare(&body, texts, &hits, true);
        Ok(())
    }

    /// `None` where the server was too busy to answer.
    async fn answer(&mut self, body: &Value) -> anyhow::Result<Option<Answer>> {
        match self.person.api.post("/api/message/search", body).await {
            Ok(answer) => Ok(Some(answer)),
            Err(ApiError::Refused { code: BUSY, .. }) => {
                self.refused += 1;
                Ok(None)
            }
            Err(error) => Err(error).with_context(|| format!("{}: {body}", self.kind)),
        }
    }

    fn compare(&mut self, body: &Value, expected: &[&str], hits: &[Hit], has_end: bool) {
        let is_right = has_end
            && hits.len() == expected.len()
            && hits.iter().zip(expected).all(|(hit, text)| hit.msg.content == **text);
        if !is_right {
            self.wrong += 1;
            eprintln!(
                "{}: {body} found {} messages, not the {} that there are",
                self.kind,
                hits.len(),
                expected.len()
            );
        }
    }
}

/// Messages are sent while the index is kept up, while it is made anew, and without search.
async fn sends(bench: &mut Bench, options: &Options, mut report: Report) -> anyhow::Result<Report> {
    let mut costs = Vec::new();
    for step in ["kept up", "made anew", "off"] {
        let is_anew = step == "made anew";
        if is_anew && bench.server.command(&["search", "rebuild"]).await?.is_none() {
            return Ok(report);
        }
        if step == "off" {
            bench.server.restart_with(&["--search", "off"]).await?;
        }
        let (chats, mixed, read_every) = (CHATS, false, 4);
        let rate = rate::Options { rate: options.rate, chats, mixed, read_every, seconds: options.seconds };
        let sent = rate::run(bench, rate).await?;
        ensure!(sent.is_sound(), "messages were lost: {sent}");
        if is_anew {
            let waiting = Indexed::so_far(&bench.target.api).await?.waiting;
            report =
                report.figure("sends, index made anew: messages that wait at the end", waiting, Unit::Count);
        }
        let value = |name: &str| sent.value(name).with_context(|| format!("no figure {name}"));
        let cost = [value("due to Ack, p50")?, value("due to Ack, p99")?, value("server CPU a message")?];
        report = report
            .figure(&format!("sends, index {step}: p50 of the Ack"), cost[0], Unit::Milliseconds)
            .figure(&format!("sends, index {step}: p99 of the Ack"), cost[1], Unit::Milliseconds)
            .figure(&format!("sends, index {step}: CPU a message"), cost[2], Unit::Microseconds);
        costs.push(cost);
    }
    let [kept, anew, off] = costs[..] else { unreachable!("three were measured") };
    Ok(report
        .figure("sends, index kept up : off, p50", kept[0] / off[0], Unit::Ratio)
        .figure("sends, index kept up : off, p99", kept[1] / off[1], Unit::Ratio)
        .figure("sends, index made anew : off, p50", anew[0] / off[0], Unit::Ratio)
        .figure("sends, index made anew : off, p99", anew[1] / off[1], Unit::Ratio))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_is_read_from_what_the_status_says() {
        let said = "7 of 10 messages are in the index, which takes 12 MB\n";
        assert_eq!(bytes_of(said), Some(12_000_000));
        assert_eq!(bytes_of("no index"), None);
    }

    #[test]
    fn every_kind_of_query_finds_what_was_filled_in_and_but_one_finds_something() {
        let plan =
            Plan { users: 60, groups: 25, messages: 20_000, heavy: 25, crowd: 30, sessions: 40, words: true };
        let order: Vec<u64> = (0..20_000).collect();
        let truth = Truth::new(&plan, 0, &order);
        for (kind, questions) in kinds(&plan, &truth) {
            assert_eq!(questions.len(), QUERIES);
            let found = |question: &Question| truth.newest(Who::All, &question.tests, DEEP).len();
            let found: usize = questions.iter().map(found).sum();
            assert_eq!(found > 0, kind != "a word of none", "{kind}");
        }
    }
}
