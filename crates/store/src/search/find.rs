//! Finding: candidates from the index, and what it does not have yet, each looked at as its reader sees it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::ControlFlow;

use rim_core::group::Group;
use rim_core::message::Message;
use rim_core::note::NoteKind;
use rim_core::search::{Filter, Folded, Has, Hit, Is, Said, Search, Term, Test, said};
use rim_core::sight::{EVERYBODY, Sight, spans_of};
use rim_core::size::Size;
use rim_core::user::User;
use rim_core::{GroupId, MessageId, Refusal, Rev, Seq, Timestamp, UserId, account};

use super::index::{self, Among, Asked, Candidate, has_term, kind_term, sender_term};
use super::place::CONSUMER;
use crate::consumers;
use crate::database::{Fields, Read};
use crate::failure::Result as Step;
use crate::groups::{Room, as_seen};
use crate::{params, people, sights};

/// What was found, the newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    pub hits: Vec<Hit>,
    /// The groups of the hits, as the user sees them, and who sent them.
    pub groups: Vec<Group>,
    pub users: Vec<User>,
    /// Below which message there may be others.
    pub next: Option<MessageId>,
    /// Whether some were not looked at.
    pub partial: bool,
    /// Messages that were looked at.
    pub looked_at: u64,
}

/// Messages that are not in the index yet and are looked at nevertheless: what comes in some seconds, with all that people
/// write at once.
const MAX_BEHIND: u64 = 2_000;

/// Candidates of edits, and messages of a list (of stars, say) that are looked at.
const MAX_LISTED: u64 = 2_000;

/// Candidates that are looked at together at first, if not some more than go on a page; then twice as many, up to the second.
const FIRST: usize = 32;
const MOST: usize = 256;

/// Messages that are in memory together; between these it is seen whether somebody has waited long enough, and among them
/// once they have said so many bytes.
const TOGETHER: usize = 64;
const BYTES_TOGETHER: usize = 128 * 1024;

/// Where a search goes on that had to end is told in steps of so many messages. Exactly there may be a message that its reader
/// does not see, and one that matches.
pub const STEP: u64 = 256;

/// How far clocks may have been from each other. Messages of all groups are in the order in which they were stored, and the
/// times in them nearly.
const CLOCKS_MS: i64 = 3_600_000;

pub(super) fn find(
    db: &dyn Read,
    user: UserId,
    search: &Search,
    bytes: usize,
    enough: &dyn Fn() -> bool,
) -> Step<Found> {
    let Some(plan) = Plan::new(db, user, search)? else { return Ok(Found::default()) };
    let (sights, hits) = (HashMap::new(), BTreeMap::new());
    let mut finder = Finder { db, user, search, plan, sights, hits, enough, is_late: false, looked_at: 0 };
    let mut partial = !finder.look_behind()?;
    let floor = match finder.listed()? {
        Some(Listed { places, is_whole }) => {
            partial |= !is_whole;
            partial |= !finder.look_at_places(&places)?;
            MessageId(0)
        }
        None if finder.plan.asks_only_for_edited(search) => finder.look_at_candidates(Among::Edits)?,
        None => {
            partial |= !finder.look_at_edits()?;
            finder.look_at_candidates(Among::Sent)?
        }
    };
    partial |= finder.is_late;
    finder.answer(floor, bytes, partial)
}

/// What is asked for, with names looked up.
struct Plan {
    /// Those of the user that are asked for, ascending.
    groups: Vec<GroupId>,
    senders: Option<BTreeSet<UserId>>,
    filters: Vec<Filter>,
    not_from: BTreeSet<UserId>,
    above: MessageId,
    below: MessageId,
}

impl Plan {
    /// `None` where nothing can be found.
    fn new(db: &dyn Read, user: UserId, search: &Search) -> Step<Option<Self>> {
        let mut groups = match search.group {
            Some(group) => {
                if sights::of(db, user, group)?.is_none() {
                    Room::look(db, group)?;
                    return Err(Refusal::NotMember.into());
                }
                vec![group]
            }
            None => {
                let sql = "SELECT group_id FROM members WHERE user_id = $1 ORDER BY group_id";
                db.all(sql, &params![user], |row| row.get("group_id"))?
            }
        };
        let mut senders = search.sender.map(|sender| BTreeSet::from([sender]));
        let (mut from, mut not_from) = (None::<BTreeSet<UserId>>, BTreeSet::new());
        let (mut inside, mut filters) = (None::<BTreeSet<GroupId>>, Vec::new());
        for Filter { not, test } in &search.query.filters {
            match test {
                Test::From(name) => {
                    // Of an account that is not here it is looked for as long as of any other, so that nobody learns which are.
                    let found = named_user(db, user, name)?.unwrap_or(NOBODY);
                    if *not {
                        not_from.insert(found);
                    } else {
                        from.get_or_insert_default().insert(found);
                    }
                }
                Test::In(name) => {
                    let found = named_groups(db, user, name, &groups)?;
                    if *not {
                        groups.retain(|group| !found.contains(group));
                    } else {
                        inside.get_or_insert_default().extend(found);
                    }
                }
                // They are times by now.
                Test::Before(_) | Test::After(_) | Test::On(_) => {}
                Test::Has(_) | Test::Is(_) | Test::Kind(_) => {
                    filters.push(Filter { not: *not, test: test.clone() });
                }
            }
        }
        if let Some(from) = from {
            senders = Some(senders.map_or_else(|| from.clone(), |senders| &senders & &from));
        }
        if filters.contains(&Filter { not: false, test: Test::Is(Is::Mine) }) {
            senders = Some(
                senders.map_or_else(|| BTreeSet::from([user]), |senders| &senders & &BTreeSet::from([user])),
            );
        }
        if let Some(inside) = inside {
            groups.retain(|group| inside.contains(group));
        }
        if groups.is_empty() || senders.as_ref().is_some_and(BTreeSet::is_empty) {
            return Ok(None);
        }
        let mut below = search.below.unwrap_or(MessageId(i64::MAX as u64));
        if let Some(before) = search.before {
            let first = around(db, before.plus_ms(CLOCKS_MS))?.first;
            below = below.min(first.unwrap_or(below));
        }
        let above = match search.since {
            Some(since) => around(db, since.plus_ms(-CLOCKS_MS))?.before,
            None => MessageId(0),
        };
        Ok(Some(Self { groups, senders, filters, not_from, above, below }))
    }

    /// Of each of these every message that fits has one among its terms.
    fn clauses(&self, search: &Search) -> Vec<Vec<Term>> {
        let mut clauses: Vec<Vec<Term>> = search.query.terms().into_iter().map(|term| vec![term]).collect();
        let mut any_of = |terms: Vec<String>| {
            if !terms.is_empty() {
                clauses.push(terms.into_iter().map(Term::Whole).collect());
            }
        };
        // Of more senders it takes longer to ask for each.
        let senders = self.senders.iter().filter(|senders| senders.len() <= 8).flatten();
        any_of(senders.map(|sender| sender_term(*sender)).collect());
        any_of(search.kinds.iter().map(|kind| kind_term(*kind)).collect());
        any_of(search.has.iter().map(|has| has_term(*has)).collect());
        any_of(
            self.wanted()
                .filter_map(|test| if let Test::Has(has) = test { Some(has_term(*has)) } else { None })
                .collect(),
        );
        any_of(
            self.wanted()
                .filter_map(|test| if let Test::Kind(kind) = test { Some(kind_term(*kind)) } else { None })
                .collect(),
        );
        clauses
    }

    fn wanted(&self) -> impl Iterator<Item = &Test> {
        self.filters.iter().filter(|filter| !filter.not).map(|filter| &filter.test)
    }

    /// Whatever was edited has an entry of that. What it says by now may be of another one, so nothing of that is asked for.
    fn asks_only_for_edited(&self, search: &Search) -> bool {
        let asks_more = || self.wanted().any(|test| matches!(test, Test::Has(_) | Test::Kind(_)));
        self.wants(Is::Edited)
            && !search.query.has_words()
            && search.kinds.is_empty()
            && search.has.is_empty()
            && !asks_more()
    }

    fn wants(&self, is: Is) -> bool {
        self.wanted().any(|test| *test == Test::Is(is))
    }
}

/// Has sent nothing.
const NOBODY: UserId = UserId(0);

/// Who is meant: by account, by id, or oneself.
fn named_user(db: &dyn Read, user: UserId, name: &str) -> Step<Option<UserId>> {
    let name = name.strip_prefix('@').unwrap_or(name);
    if ["me", "我", "自己"].contains(&name.to_lowercase().as_str()) {
        return Ok(Some(user));
    }
    let [first, second] = account::keys(name);
    let sql = "SELECT id FROM users WHERE account_key IN ($1, $2) ORDER BY account_key = $1 DESC LIMIT 1";
    let found = db.first(sql, &params![first, second], |row| row.get("id"))?;
    Ok(found.or_else(|| name.parse().ok().map(UserId)))
}

/// Which of the groups are meant: by id, or by what they or the other one of a single chat are called; those that the user has left
/// by what they were called then.
fn named_groups(db: &dyn Read, user: UserId, name: &str, groups: &[GroupId]) -> Step<BTreeSet<GroupId>> {
    let mut found = BTreeSet::new();
    let by_id = name.parse().ok().map(GroupId).filter(|group| groups.contains(group));
    found.extend(by_id);
    let wanted = Folded::new(name);
    let sql = "SELECT g.id, u.name AS other_name, u.account,
                      coalesce((SELECT d.name FROM departures AS d WHERE d.group_id = g.id AND d.rev <= m.left_rev
                                ORDER BY d.rev DESC LIMIT 1), g.name) AS name
               FROM members AS m
                    JOIN groups AS g ON g.id = m.group_id
                    LEFT JOIN members AS o ON o.group_id = g.id AND g.single AND o.user_id <> $1
                    LEFT JOIN users AS u ON u.id = o.user_id
               WHERE m.user_id = $1";
    db.rows(sql, &params![user], &mut |row| {
        let (group, names): (_, [Option<String>; 3]) =
            (row.get("id")?, [row.get("name")?, row.get("other_name")?, row.get("account")?]);
        let is_named = || names.into_iter().flatten().any(|name| Folded::new(&name).contains(&wanted));
        if groups.binary_search(&group).is_ok() && is_named() {
            found.insert(group);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(found)
}

/// Between which messages a time is, among those that the database finds by their ids. Between these may be others.
struct Around {
    /// The last from before.
    before: MessageId,
    /// The first of that time or later, if there is one.
    first: Option<MessageId>,
}

fn around(db: &dyn Read, time: Timestamp) -> Step<Around> {
    let mut around = Around { before: MessageId(0), first: None };
    let Some(newest) = index::newest(db)? else { return Ok(around) };
    let (mut from, mut to) = (1, newest.0 + 1);
    while from < to {
        let middle = from + (to - from) / 2;
        match index::listed_from(db, MessageId(middle))? {
            Some((id, at)) if at < time => {
                from = id.0 + 1;
                around.before = id;
            }
            found => {
                to = middle;
                around.first = found.map(|(id, _)| id).or(around.first);
            }
        }
    }
    Ok(around)
}

/// A group in which the index may not have come to the end.
struct Behind {
    group: GroupId,
    /// Its newest message, and where that is.
    last: MessageId,
    last_seq: Seq,
    /// How far the index has come.
    seq: Seq,
    rev: Rev,
    /// What has changed since of what it has.
    changed: Vec<Seq>,
}

/// Those among these of a user, or of a group: `$2`.
macro_rules! behind {
    ($of:literal) => {
        concat!(
            "SELECT g.id, g.last_seq, g.last_message_id, coalesce(p.rev, 0) AS rev, coalesce(p.seq, 0) AS seq
             FROM (SELECT g.id, g.last_seq, g.last_rev, g.last_message_id FROM ",
            $of,
            ") AS g LEFT JOIN consumer_positions AS p ON p.consumer = $1 AND p.group_id = g.id
             WHERE g.last_rev > coalesce(p.rev, 0)"
        )
    };
}

impl Behind {
    fn read(row: Fields<'_>) -> Step<Self> {
        Ok(Self {
            group: row.get("id")?,
            last: row.get("last_message_id")?,
            last_seq: row.get("last_seq")?,
            seq: row.get("seq")?,
            rev: row.get("rev")?,
            changed: Vec::new(),
        })
    }
}

/// Places that are listed elsewhere, and whether they are all.
struct Listed {
    places: Vec<(GroupId, Seq)>,
    is_whole: bool,
}

/// How long it is looked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    /// Somebody has waited long enough; but some are always looked at.
    Enough,
    TheEnd,
}

struct Finder<'f> {
    db: &'f dyn Read,
    user: UserId,
    search: &'f Search,
    plan: Plan,
    sights: HashMap<GroupId, Sight>,
    hits: BTreeMap<MessageId, Hit>,
    enough: &'f dyn Fn() -> bool,
    /// Whether it had to end before there were hits enough.
    is_late: bool,
    looked_at: u64,
}

impl Finder<'_> {
    /// What the index does not have yet. Whether that is all.
    fn look_behind(&mut self) -> Step<bool> {
        let consumer = consumers::number_of(self.db, CONSUMER)?.unwrap_or(0);
        let moved = match self.search.group {
            Some(group) => Some(vec![group]),
            None => self.db.moved_unseen(consumer)?,
        };
        let mut behind = match moved {
            Some(mut groups) => {
                groups.retain(|group| self.plan.groups.binary_search(group).is_ok());
                let keys: Vec<_> = groups.iter().map(|group| params![consumer, *group].to_vec()).collect();
                let sql = behind!("groups AS g WHERE g.id = $2");
                self.db.first_of_each(sql, &keys, Behind::read)?.into_iter().flatten().collect()
            }
            None => {
                let sql = behind!("members AS m JOIN groups AS g ON g.id = m.group_id WHERE m.user_id = $2");
                self.db.all(sql, &params![consumer, self.user], Behind::read)?
            }
        };
        behind.retain(|behind| self.plan.groups.binary_search(&behind.group).is_ok());
        // A state is put on a message by whatever is done with it: receipts, which come behind nearly every message, are none.
        let sql = "SELECT seq FROM states WHERE group_id = $1 AND rev > $2 AND seq <= $3 ORDER BY rev DESC LIMIT $4";
        let key = |behind: &Behind| params![behind.group, behind.rev, behind.seq, MAX_BEHIND + 1].to_vec();
        let keys: Vec<_> = behind.iter().map(key).collect();
        self.db.rows_of_each(sql, &keys, &mut |at, row| {
            behind[at].changed.push(row.get("seq")?);
            Ok(())
        })?;
        behind.retain(|behind| behind.last_seq > behind.seq || !behind.changed.is_empty());
        // Of what is too much the groups of the newest messages are looked at.
        behind.sort_unstable_by_key(|behind| std::cmp::Reverse(behind.last));
        self.know(&behind.iter().map(|behind| behind.group).collect::<Vec<_>>())?;
        let (mut left, mut is_whole) = (MAX_BEHIND, true);
        let mut places = BTreeMap::new();
        for Behind { group, last_seq, seq, mut changed, .. } in behind {
            // What was said since somebody left is nothing that they wait for, or hear of.
            let last_seq = self.sights[&group].spans.last().map_or(Seq(0), |span| span.to.min(last_seq));
            let seq = seq.min(last_seq);
            is_whole &= changed.len() as u64 <= MAX_BEHIND;
            changed.retain(|seq| self.sights[&group].sees(*seq));
            let new = (last_seq.0 - seq.0).min(left);
            is_whole &= new == last_seq.0 - seq.0;
            left -= new;
            let mut of_group: BTreeSet<Seq> = (last_seq.0 - new + 1..=last_seq.0).map(Seq).collect();
            let fits = changed.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            is_whole &= changed.len() == fits;
            left -= fits as u64;
            of_group.extend(&changed[..fits]);
            places.insert(group, of_group);
        }
        Ok(self.look(places, Until::Enough)? && is_whole)
    }

    /// What the search is for, where that is listed elsewhere.
    fn listed(&self) -> Step<Option<Listed>> {
        let place = |row: Fields<'_>| Ok((row.get("group_id")?, row.get("seq")?));
        let mut places: Vec<(GroupId, Seq)> = Vec::new();
        let mut is_whole = true;
        if self.plan.wants(Is::Starred) {
            let sql = "SELECT group_id, seq FROM starred WHERE user_id = $1 AND is_starred ORDER BY rev DESC LIMIT $2";
            places = self.db.all(sql, &params![self.user, MAX_LISTED], place)?;
            is_whole = (places.len() as u64) < MAX_LISTED;
        } else if self.plan.wants(Is::Pinned) {
            let keys: Vec<_> =
                self.plan.groups.iter().map(|group| params![*group, NoteKind::Pin].to_vec()).collect();
            for sql in [
                "SELECT group_id, seq FROM notes WHERE group_id = $1 AND kind = $2",
                "SELECT group_id, seq FROM former_notes WHERE group_id = $1 AND kind = $2",
            ] {
                self.db.rows_of_each(sql, &keys, &mut |_, row| {
                    places.push(place(row)?);
                    Ok(())
                })?;
            }
        } else if self.plan.wants(Is::Mention) {
            for sql in [
                "SELECT group_id, seq FROM mentions WHERE user_id = $1 AND group_id = $2 AND message_id < $3
                 ORDER BY message_id DESC LIMIT $4",
                "SELECT group_id, seq FROM former_mentions WHERE user_id = $1 AND group_id = $2 AND message_id < $3
                 ORDER BY message_id DESC LIMIT $4",
            ] {
                let keys: Vec<_> = self
                    .plan
                    .groups
                    .iter()
                    .flat_map(|group| [self.user, EVERYBODY].map(|user| (user, *group)))
                    .map(|(user, group)| params![user, group, self.plan.below, MAX_LISTED].to_vec())
                    .collect();
                let mut counts = vec![0; keys.len()];
                self.db.rows_of_each(sql, &keys, &mut |at, row| {
                    counts[at] += 1;
                    places.push(place(row)?);
                    Ok(())
                })?;
                is_whole &= counts.iter().all(|count| *count < MAX_LISTED);
            }
        } else {
            return Ok(None);
        }
        places.retain(|(group, _)| self.plan.groups.binary_search(group).is_ok());
        Ok(Some(Listed { places, is_whole }))
    }

    /// Whether there was time for all.
    fn look_at_places(&mut self, places: &[(GroupId, Seq)]) -> Step<bool> {
        let mut by_group: BTreeMap<GroupId, BTreeSet<Seq>> = BTreeMap::new();
        for (group, seq) in places {
            by_group.entry(*group).or_default().insert(*seq);
        }
        self.look(by_group, Until::Enough)
    }

    fn asked(&self) -> Asked {
        Asked {
            clauses: self.plan.clauses(self.search),
            groups: self.plan.groups.clone(),
            above: self.plan.above,
            below: self.plan.below,
        }
    }

    /// What edits have made of messages: few, and in no order. Whether these are all.
    fn look_at_edits(&mut self) -> Step<bool> {
        let (mut places, mut is_whole, asked) = (Vec::new(), true, self.asked());
        // Where nothing is asked for each message is a candidate as it was sent.
        if asked.clauses.is_empty() {
            return Ok(true);
        }
        index::candidates(self.db, &asked, Among::Edits, &mut |candidate| {
            if !candidate.is_none() {
                places.push((candidate.group, candidate.places.to));
            }
            is_whole = places.len() < MAX_LISTED as usize && !(candidate.is_none() && (self.enough)());
            Ok(if is_whole { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        Ok(self.look_at_places(&places)? && is_whole)
    }

    /// The candidates from the newest on, until there are hits enough. Of messages above the one that is returned all were
    /// looked at.
    fn look_at_candidates(&mut self, among: Among) -> Step<MessageId> {
        let asked = self.asked();
        let db = self.db;
        let limit = self.search.limit as usize;
        let (mut waiting, mut together, mut floor) = (Vec::new(), FIRST.max(limit + limit / 4), None);
        index::candidates(db, &asked, among, &mut |candidate| {
            waiting.push(candidate);
            if waiting.len() < together && !candidate.is_none() {
                return Ok(ControlFlow::Continue(()));
            }
            together = MOST.min(together * 2);
            self.look_at_candidates_of(&mut waiting)?;
            let known = self.hits.range(candidate.last..).count();
            let is_full = known > limit;
            let looked_to = candidate.last.0.checked_next_multiple_of(STEP).map_or(candidate.last, MessageId);
            // Where the page does not get below the one before it, it would be asked for again and again.
            self.is_late = !is_full && looked_to < self.plan.below && (self.enough)();
            if is_full || self.is_late {
                floor = Some(if is_full { candidate.last } else { looked_to });
                return Ok(ControlFlow::Break(()));
            }
            Ok(ControlFlow::Continue(()))
        })?;
        self.look_at_candidates_of(&mut waiting)?;
        Ok(floor.unwrap_or_default())
    }

    fn look_at_candidates_of(&mut self, waiting: &mut Vec<Candidate>) -> Step<()> {
        let mut by_group: BTreeMap<GroupId, BTreeSet<Seq>> = BTreeMap::new();
        for Candidate { group, places, .. } in waiting.drain(..).filter(|candidate| !candidate.is_none()) {
            by_group.entry(group).or_default().extend((places.after.0 + 1..=places.to.0).map(Seq));
        }
        self.look(by_group, Until::TheEnd).map(drop)
    }

    /// Reads the sights of groups of the user.
    fn know(&mut self, groups: &[GroupId]) -> Step<()> {
        let unknown: Vec<_> =
            groups.iter().copied().filter(|group| !self.sights.contains_key(group)).collect();
        let sights = sights::of_each(self.db, self.user, &unknown)?;
        self.sights
            .extend(unknown.into_iter().zip(sights).map(|(group, sight)| (group, sight.unwrap_or_default())));
        Ok(())
    }

    /// Looks at messages of groups of the user, as the user sees them; whether at all of them.
    fn look(&mut self, places: BTreeMap<GroupId, BTreeSet<Seq>>, until: Until) -> Step<bool> {
        self.know(&places.keys().copied().collect::<Vec<_>>())?;
        let mut seen: Vec<(GroupId, Seq)> = Vec::new();
        for (group, seqs) in places {
            let sight = &self.sights[&group];
            seen.extend(seqs.into_iter().filter(|seq| sight.sees(*seq)).map(|seq| (group, seq)));
        }
        // Of one group the newest come first.
        for (number, together) in seen.rchunks(TOGETHER).enumerate() {
            if number > 0 && until == Until::Enough && (self.enough)() {
                return Ok(false);
            }
            if !self.look_at(together, until)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The same of places that are in the user's sight, by group.
    fn look_at(&mut self, places: &[(GroupId, Seq)], until: Until) -> Step<bool> {
        let (mut messages, mut now) = (Vec::new(), Vec::new());
        for of_group in places.chunk_by(|one, other| one.0 == other.0) {
            let group = of_group[0].0;
            let spans = spans_of(of_group.iter().map(|(_, seq)| *seq));
            match self.sights[&group].as_of {
                None => now.extend(spans.into_iter().map(|span| (group, span))),
                as_of => messages.extend(self.db.messages_at(group, &spans, as_of, usize::MAX)?),
            }
        }
        if !now.is_empty() {
            messages.extend(self.db.messages_in(&now, usize::MAX)?);
        }
        let (mut bytes, mut is_whole) = (0, true);
        while let Some(message) = messages.pop() {
            bytes += message.content.len();
            self.looked_at += 1;
            if let Some(hit) = self.hit(message)? {
                self.hits.insert(hit.message.id, hit);
            }
            if bytes >= BYTES_TOGETHER && until == Until::Enough && !messages.is_empty() && (self.enough)() {
                is_whole = false;
                break;
            }
        }
        // One beyond the page says that there are more.
        while self.hits.len() > self.search.limit as usize + 1 {
            self.hits.pop_first();
        }
        Ok(is_whole)
    }

    fn hit(&self, message: Message) -> Step<Option<Hit>> {
        if message.id >= self.plan.below || message.is_recalled() || !self.fits(&message) {
            return Ok(None);
        }
        let said = said(message.kind, &message.content);
        if said.is_none() && self.search.query.has_words() {
            return Ok(None);
        }
        let ranges = self.search.query.matches(said.as_ref().map_or("", Said::as_str));
        let text = match said {
            Some(Said::Text(text)) => Some(text),
            _ => None,
        };
        let Some(ranges) = ranges else { return Ok(None) };
        if !self.fits_mine(&message)? {
            return Ok(None);
        }
        Ok(Some(Hit { message, text, ranges }))
    }

    /// Whether a message is what is asked for, but for its words.
    fn fits(&self, message: &Message) -> bool {
        let Search { kinds, has, since, before, .. } = self.search;
        let state = message.state.as_deref();
        let holds = |test: &Test| match test {
            Test::Has(has) => has.holds(message),
            Test::Kind(kind) => message.kind == *kind,
            Test::Is(Is::Pinned) => state.is_some_and(|state| state.pinned_at.is_some()),
            Test::Is(Is::Mention) => {
                message.sender != self.user
                    && state.is_some_and(|state| state.mention_all || state.mentions.contains(&self.user))
            }
            Test::Is(Is::Mine) => message.sender == self.user,
            Test::Is(Is::Edited) => state.is_some_and(|state| state.edited.is_some()),
            _ => true,
        };
        // Of several kinds, or things that it may have, one is enough.
        let fits_one = |of: fn(&Test) -> bool| {
            let mut wanted = self.plan.wanted().filter(|test| of(test)).peekable();
            wanted.peek().is_none() || wanted.any(holds)
        };
        let is_starred = Test::Is(Is::Starred);
        self.plan.senders.as_ref().is_none_or(|senders| senders.contains(&message.sender))
            && !self.plan.not_from.contains(&message.sender)
            && since.is_none_or(|since| message.created_at >= since)
            && before.is_none_or(|before| message.created_at < before)
            && (kinds.is_empty() || kinds.contains(&message.kind))
            && (has.is_empty() || has.iter().any(|has: &Has| has.holds(message)))
            && fits_one(|test| matches!(test, Test::Has(_)))
            && fits_one(|test| matches!(test, Test::Kind(_)))
            && self.plan.wanted().filter(|test| matches!(test, Test::Is(_))).all(holds)
            && !self
                .plan
                .filters
                .iter()
                .any(|filter| filter.not && filter.test != is_starred && holds(&filter.test))
    }

    /// The same of what only its reader knows.
    fn fits_mine(&self, message: &Message) -> Step<bool> {
        let mut starred =
            self.plan.filters.iter().filter(|filter| filter.test == Test::Is(Is::Starred)).peekable();
        if starred.peek().is_none() {
            return Ok(true);
        }
        let sql = "SELECT seq FROM starred WHERE user_id = $1 AND group_id = $2 AND seq = $3 AND is_starred";
        let is = self.db.exists(sql, &params![self.user, message.group, message.seq])?;
        Ok(starred.all(|filter| filter.not != is))
    }

    /// The newest of the hits, down to that message.
    fn answer(self, floor: MessageId, bytes: usize, partial: bool) -> Step<Found> {
        let Self { db, user, search, hits, looked_at, .. } = self;
        let limit = search.limit as usize;
        let known = hits.into_iter().rev().take_while(|(id, _)| *id >= floor);
        let mut found = Found { partial, looked_at, ..Found::default() };
        let (mut taken, mut groups, mut users) = (0, BTreeSet::new(), BTreeSet::new());
        let mut more = (floor > MessageId(0)).then_some(floor);
        for (id, hit) in known {
            taken +=
                hit.message.size_bytes() + hit.text.as_ref().map_or(0, String::len) + 24 * hit.ranges.len();
            if found.hits.len() == limit || (taken > bytes && !found.hits.is_empty()) {
                more = found.hits.last().map(|last: &Hit| last.message.id).or(Some(MessageId(id.0 + 1)));
                break;
            }
            groups.insert(hit.message.group);
            users.insert(hit.message.sender);
            found.hits.push(hit);
        }
        found.next = more;
        found.groups = as_seen(db, user, groups)?;
        found.users = people::find_all(db, users)?;
        sights::mine(db, user, found.hits.iter_mut().map(|hit| &mut hit.message))?;
        Ok(found)
    }
}
