//! Which groups a segment has messages of.

use std::collections::BTreeSet;

use rim_core::GroupId;

use super::entries::Of;
use super::number::{self, Damaged};

/// Of a segment with more of them it is not told: it has some of everything.
const MOST: usize = 512;

/// The groups of entries, ascending: each by how far it is from the one before.
pub(super) fn encode(entries: &[Of]) -> Option<Vec<u8>> {
    let groups: BTreeSet<_> = entries.iter().map(|of| of.group).collect();
    if groups.len() > MOST {
        return None;
    }
    let (mut bytes, mut before) = (Vec::with_capacity(groups.len() * 2), 0);
    for GroupId(group) in groups {
        number::put(&mut bytes, group - before);
        before = group;
    }
    Some(bytes)
}

/// What a segment has of groups that are asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Groups {
    /// Those that it may have messages of.
    pub(super) asked: Vec<GroupId>,
    /// Whether it has others.
    pub(super) has_others: bool,
}

/// Of groups that ascend.
pub(super) fn among(mut bytes: &[u8], groups: &[GroupId]) -> Result<Groups, Damaged> {
    let (mut asked, mut has_others, mut group) = (Vec::new(), false, 0_u64);
    while !bytes.is_empty() {
        group = group.checked_add(number::take(&mut bytes)?).ok_or(Damaged)?;
        match groups.binary_search(&GroupId(group)) {
            Ok(_) => asked.push(GroupId(group)),
            Err(_) => has_others = true,
        }
    }
    Ok(Groups { asked, has_others })
}

#[cfg(test)]
mod tests {
    use rim_core::{MessageId, Rev, Seq};

    use super::*;

    #[test]
    fn groups_are_read_as_they_were_written() {
        let of = |group| Of { message: MessageId(1), rev: Rev(0), group: GroupId(group), seq: Seq(1) };
        let written = encode(&[7, 3, 900, 3, u64::MAX].map(of)).expect("they are few");
        let ids = |groups: &[u64]| groups.iter().copied().map(GroupId).collect::<Vec<_>>();
        let among = |bytes: &[u8], groups: &[u64]| {
            among(bytes, &ids(groups)).map(|Groups { asked, has_others }| (asked, has_others))
        };
        assert_eq!(among(&written, &[2, 3, 8, 900, u64::MAX]), Ok((ids(&[3, 900, u64::MAX]), true)));
        assert_eq!(among(&written, &[3, 7, 900, u64::MAX]), Ok((ids(&[3, 7, 900, u64::MAX]), false)));
        assert_eq!(among(&written, &[1, 8]), Ok((Vec::new(), true)));
        assert_eq!(among(&[0x80], &[1]), Err(Damaged));
        assert_eq!(among(&[&written[..], &[1]].concat(), &[1]), Err(Damaged));
        let many: Vec<_> = (1..=513).map(of).collect();
        assert_eq!((encode(&many), encode(&many[1..]).is_some()), (None, true));
    }
}
