//! The specification of a store, as claims that every backend must meet.
//!
//! A backend calls [`store_suite!`](crate::store_suite) in its tests with a function that makes a
//! [`Fixture`], and gets one test for each claim. A claim is a story about people in a [`World`]; it
//! sees a store through its port alone, waits for answers and never for time to pass.
//!
//! A new claim is a function here and a name in the list below; a test of this module compares the two.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use self::world::World;
use super::{Store, StoreError};
use crate::Feed;

pub mod bounds;
pub mod chats;
mod client;
pub mod concurrency;
pub mod events;
pub mod feed;
pub mod founding;
pub mod friends;
pub mod groups;
pub mod history;
pub mod identity;
pub mod messages;
mod model;
pub mod random;
pub mod receipts;
pub mod sessions;
pub mod shared;
pub mod standing;
pub mod sync;
pub mod sync_of_members;
pub mod uploads;
pub mod users;
pub mod world;

/// Where a store keeps its data during one test.
#[async_trait]
pub trait Fixture: Send {
    /// Opens a store on the data: empty the first time, later what the store before it has written.
    ///
    /// Is called again only after [`Store::close`] of the one before.
    async fn open(&mut self) -> (Arc<dyn Store>, Feed);
}

/// What a claim ends with: it holds, or it did not get to its end.
pub type Claim = Result<(), Broken>;

/// An error that no story expects. It is never made: what would become one panics where it happened.
#[derive(Debug)]
pub enum Broken {}

impl From<StoreError> for Broken {
    #[track_caller]
    fn from(error: StoreError) -> Self {
        panic!("unexpected: {error}")
    }
}

/// Longer than any claim takes, so that one that waits for ever fails under its own name.
const PATIENCE: Duration = Duration::from_secs(120);

/// Tells one story in a world of its own.
pub fn run<F: Fixture + 'static>(
    fixture: impl AsyncFnOnce() -> F,
    claim: impl AsyncFnOnce(&mut World) -> Claim,
) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let story = async {
            let mut world = World::new(Box::new(fixture().await)).await;
            claim(&mut world).await.expect("a broken claim panics");
            world.close().await;
        };
        tokio::time::timeout(PATIENCE, story).await.expect("the store does not answer");
    });
}

/// Makes a test of every claim, for the store that the fixture function opens.
///
/// ```text
/// async fn fixture() -> impl rim_store::suite::Fixture { … }
/// rim_store::store_suite!(fixture);
/// ```
#[macro_export]
macro_rules! store_suite {
    ($fixture:ident) => {
        $crate::store_claims! { $fixture
            uploads {
                a_user_keeps_as_much_as_the_quota_allows
                what_nothing_names_is_forgotten_and_makes_room
                what_people_and_groups_show_stays_until_they_show_another
                what_somebody_who_left_sees_of_a_group_stays
                what_a_message_names_stays_for_ever
                what_is_named_while_it_is_looked_for_stays
                what_is_from_before_uploads_were_counted_stays
            }
            users {
                a_user_is_found_as_he_was_created
                ids_are_numbers_that_javascript_can_hold
                an_unknown_user_is_none
                an_account_is_taken_whatever_its_case_and_blanks
                an_account_is_taken_in_every_form_of_its_text
                an_account_that_looks_like_another_is_refused
                an_account_is_kept_composed
                an_account_is_kept_as_given_but_trimmed
                an_account_is_found_whatever_its_case_and_blanks
                a_login_is_checked_against_what_was_stored
                a_user_without_a_password_has_none
                a_new_password_replaces_the_old_one
                a_new_password_ends_every_session_but_the_kept_one
                a_new_password_that_keeps_none_ends_every_session
                a_stronger_hash_replaces_only_the_one_it_was_made_from
                disabling_a_user_ends_his_sessions
                a_disabled_user_keeps_his_memberships
                a_login_that_was_checked_before_its_user_was_disabled_opens_nothing
                a_login_that_was_checked_against_an_earlier_password_opens_nothing
                logins_beside_a_new_password_are_ended_by_it_or_refused
                of_two_who_change_a_password_at_once_one_does
                a_password_is_changed_by_whoever_knows_it_in_a_session_that_goes_on
                an_enabled_user_must_log_in_anew
                users_are_listed_by_id_page_by_page
                a_profile_changes_where_it_was_told_to
                a_changed_profile_is_told_to_oneself
                a_profile_that_stays_as_it_was_is_no_change
                a_new_name_is_told_to_friends_and_in_groups
                a_new_email_concerns_oneself_alone
                what_is_done_to_an_unknown_user_is_refused
                users_survive_a_restart
            }
            sessions {
                a_session_is_found_by_its_token
                an_unknown_token_finds_nothing
                a_second_login_does_not_end_the_first
                a_user_sees_his_own_sessions_by_id
                an_expired_session_is_no_session
                expired_sessions_are_purged_and_counted
                everything_agrees_on_the_instant_of_expiry
                when_anybody_was_last_seen_is_known
                using_a_session_is_noted_and_prolongs_it
                using_an_ended_session_does_nothing
                ending_a_session_is_told
                nobody_ends_anothers_session
                a_session_ends_once
                all_other_sessions_end_at_once
                without_other_sessions_none_end
                sessions_survive_a_restart
                the_id_of_an_ended_session_is_not_given_out_again
                nothing_that_comes_from_an_ended_session_is_stored
                what_comes_from_the_sessions_of_a_disabled_user_is_refused_as_such
                one_session_too_many_ends_the_one_that_nobody_misses
            }
            friends {
                every_action_in_every_state_does_what_the_rules_say
                two_who_ask_each_other_are_friends
                asking_again_is_no_second_request
                the_requester_cannot_accept_his_own_request
                one_who_was_declined_may_ask_again
                nobody_asks_himself
                nobody_asks_an_unknown_user
                friends_are_listed_by_state_and_id
                friends_are_acquainted
                whoever_writes_to_somebody_is_acquainted_with_him
                whoever_leaves_a_single_chat_is_a_stranger_until_he_writes_again
                acquaintances_are_those_asked_about_each_once_by_id
                an_ended_friendship_is_synced_as_ended
                friendships_survive_a_restart
            }
            founding {
                a_group_begins_with_its_founders_in_order
                a_member_is_described_as_a_user
                a_group_of_one_is_a_group
                a_group_keeps_the_mode_it_was_given
                a_group_with_an_unknown_user_is_not_founded
                a_group_has_no_more_founders_than_members
                groups_are_listed_by_id
                members_are_told_to_members_only
                a_single_chat_is_found_again_by_either
                a_single_chat_is_one_for_each_pair
                opening_a_single_chat_brings_back_who_left
                a_single_chat_takes_no_third
                a_single_chat_has_no_leader
            }
            groups {
                any_member_adds_and_each_joins_at_the_end
                several_join_at_once_each_with_a_rev
                adding_a_member_again_changes_nothing
                who_comes_back_joins_anew_as_a_common_member
                strangers_add_nobody
                an_unknown_user_among_those_added_refuses_all
                a_full_group_takes_nobody_else
                anybody_leaves
                an_admin_removes_others
                a_refused_removal_removes_nobody
                who_is_no_member_is_passed_over_in_a_removal
                the_longest_standing_admin_inherits
                without_an_admin_the_longest_standing_member_inherits
                an_heir_is_not_among_those_who_leave
                a_former_creator_who_comes_back_is_a_common_member
                the_last_one_may_leave
                admins_change_name_and_avatar
                the_creator_gives_roles
                the_role_one_has_is_no_change
                a_refused_role_changes_nothing
                a_group_is_handed_over_in_one_change
                handing_over_to_oneself_is_no_change
                a_refused_handing_over_changes_nothing
                a_dissolved_group_has_no_members_but_readers
                only_the_creator_dissolves
                groups_survive_a_restart
                many_join_in_pieces_each_told_by_itself
                many_leave_in_pieces_and_the_creator_with_the_last
                of_a_list_of_many_that_is_refused_nothing_is_carried_out
                who_is_removed_in_the_midst_of_adding_or_removing_many_does_no_more
                who_becomes_the_creator_in_the_midst_of_removing_many_stays
            }
            standing {
                strangers_put_somebody_into_so_many_groups_only
                a_group_that_was_looked_into_is_ones_own
                being_removed_makes_no_room_for_strangers
                contacts_may_go_on_where_strangers_may_not
                others_leave_room_for_ones_own_groups
                single_chats_take_no_room
                a_refused_list_adds_nobody
                who_may_not_be_looked_up_is_as_good_as_nobody
                who_waits_for_many_answers_asks_nobody_else
                only_those_are_asked_who_may_be_looked_up
                people_are_to_each_other_what_they_have_to_do_with_each_other
            }
            messages {
                a_message_is_stored_as_it_was_sent
                messages_of_a_group_are_numbered_from_one
                message_ids_ascend_over_all_groups
                each_message_takes_the_next_rev
                a_resent_message_is_stored_once
                the_first_content_stays
                a_message_resent_at_once_is_stored_once
                a_message_resent_after_a_restart_is_stored_once
                one_who_left_still_learns_that_his_message_arrived
                an_id_is_taken_by_its_sender_in_its_group_only
                ids_differ_in_every_byte
                any_text_comes_back_as_it_was
                every_kind_is_kept
                only_members_send
                writing_in_a_single_chat_brings_back_who_left
                several_messages_at_once_bring_back_once
                a_message_sent_again_brings_nobody_back
                who_left_a_single_chat_does_not_write_in_it
                in_a_group_chat_nobody_is_brought_back
                a_disabled_user_is_brought_back_too
                a_refused_message_takes_no_id_either
                a_refused_write_does_not_harm_its_neighbours
                messages_survive_a_restart
                time_in_a_group_never_goes_back
            }
            receipts {
                a_receipt_is_kept_and_told
                delivered_is_not_read
                read_implies_delivered_with_one_rev
                a_receipt_never_moves_back
                a_receipt_is_ones_own
                a_message_that_is_not_of_the_group_marks_nothing
                only_members_mark
                everything_is_marked_read_at_once
                nothing_to_read_is_no_change
                unread_counts_what_came_after_the_last_one_read
                writing_in_a_chat_reads_it
                sending_again_reads_nothing_more
                one_who_joins_has_nothing_to_read
                receipts_survive_a_restart
            }
            history {
                pages_are_cut_newest_first_and_ascend
                walking_the_pages_meets_every_message_once
                a_page_of_no_size_is_empty
                a_page_far_beyond_the_end_is_empty
                a_group_without_messages_has_an_empty_history
                below_holds_the_pages_still
                a_page_names_its_group_and_each_sender_once
                a_sender_who_left_is_still_named
                nothing_is_seen_from_before_joining
                one_who_left_reads_his_part
                one_who_left_at_once_reads_nothing
                one_who_came_back_sees_both_parts_without_the_gap
                strangers_read_nothing
                history_survives_a_restart
            }
            chats {
                a_chat_appears_with_its_first_message
                a_chat_appears_to_one_who_joined_late_with_the_first_message_he_sees
                only_ones_own_groups_are_chats
                a_group_one_has_left_stays_a_chat_with_ones_own_part
                a_group_that_was_dissolved_stays_a_chat
                a_group_left_before_its_first_message_is_no_chat
                who_left_twice_sees_the_last_of_what_he_saw
                who_left_reads_his_own_part
                a_deleted_chat_is_out_of_ones_own_list_until_the_next_message
                what_came_unseen_is_not_deleted
                deleting_a_deleted_chat_is_no_change
                a_chat_one_has_left_is_deleted_until_one_joins_anew
                a_chat_deleted_before_leaving_stays_deleted
                only_ones_own_chats_are_deleted
                deleted_chats_leave_no_hole_in_the_pages
                a_deleted_chat_is_synced
                one_who_came_back_sees_his_earlier_part_last
                the_gap_of_one_who_came_back_moves_no_chat
                pages_are_cut_newest_activity_first_and_ascend
                walking_the_pages_meets_every_chat_once
                a_page_of_no_size_or_beyond_the_end_is_empty
                the_peer_is_the_first_other_member_whoever_wrote
                one_who_comes_back_is_the_last_of_the_peers
                a_current_member_is_a_peer_before_a_former_one
                one_who_was_always_alone_is_his_own_peer
                chats_survive_a_restart
                a_group_that_was_left_and_deleted_is_forgotten
                who_was_away_hears_of_a_leaving_that_was_forgotten
                one_who_comes_back_to_what_he_forgot_has_his_earlier_part
                what_came_unseen_or_may_come_back_is_not_forgotten
                whoever_was_put_into_many_groups_gets_rid_of_them_all
            }
            sync {
                from_nothing_one_gets_everything
                one_who_is_up_to_date_gets_nothing
                one_who_is_alone_gets_nothing
                answers_of_any_size_lead_to_the_same_end
                a_limit_of_one_is_enough_for_whatever_happens_in_between
                only_what_changed_is_told
                a_group_is_described_when_it_changed
                an_inherited_group_is_described
                ones_own_profile_is_synced_when_it_changed
                a_new_name_is_synced_to_friends_and_members
                receipts_are_synced
                what_one_read_on_another_device_is_synced
                a_group_one_was_never_in_is_passed_over
                a_group_that_is_not_named_is_new
                of_a_group_named_twice_the_first_counts
                a_window_leaves_out_older_messages_and_says_so
                a_window_counts_what_the_client_lacks
                a_window_holds_in_answers_of_any_size
                a_window_never_shows_what_is_not_to_be_seen
                each_change_of_a_group_takes_exactly_the_next_rev
                every_kind_of_change_is_synced_at_once
                among_many_groups_those_that_changed_are_told
                what_was_refused_is_not_synced
                sync_survives_a_restart
                a_large_group_is_synced_without_its_members
                in_a_large_group_a_new_name_is_synced
            }
            sync_of_members {
                who_joined_and_who_left_is_synced
                one_who_joins_late_never_gets_what_came_before
                one_who_left_gets_the_rest_of_his_part_once
                one_who_left_is_not_told_who_came_after_him
                one_who_left_gets_his_part_in_answers_of_any_size
                one_who_came_back_gets_both_parts_without_the_gap
                one_who_came_back_learns_what_changed_while_he_was_away
                one_who_came_back_learns_what_changed_just_before_he_left
                a_group_joined_and_left_while_offline_is_not_lost
                a_dissolved_group_is_synced_as_left
                one_who_left_is_told_of_the_group_as_it_was_then
                those_who_leave_together_are_told_of_the_same_group
                one_who_joins_is_not_told_who_had_left_before
                one_who_came_back_learns_who_left_meanwhile_and_not_who_passed_through
            }
            bounds {
                answers_of_any_number_of_bytes_lead_to_the_same_end
                a_client_that_names_its_groups_in_slices_ends_exactly_up_to_date
                of_a_slice_nothing_else_is_answered
                messages_take_the_room_that_they_take_on_the_wire
                groups_and_whom_they_name_take_room
                changes_of_ones_own_are_cut_by_their_rev
                a_page_of_history_is_read_in_parts
                a_page_of_chats_is_read_in_parts
                friends_and_groups_are_read_in_parts
                members_are_listed_page_by_page_in_the_order_of_joining
                members_are_found_by_a_part_of_their_name
                of_what_happened_the_newest_fits
            }
            events {
                what_happens_is_kept_with_its_place_among_the_messages
                of_a_single_chat_nothing_is_kept
                one_is_told_from_joining_up_to_leaving
                one_who_comes_back_is_not_told_what_happened_meanwhile
                of_many_the_first_are_named_and_all_counted
                a_window_has_the_newest_events
                one_learns_when_one_joined
                a_group_that_stays_as_it_was_is_no_change
            }
            feed {
                an_answer_comes_before_the_change_it_answers_for
                writes_of_one_caller_are_answered_in_order
                messages_are_told_in_the_order_of_their_places
                what_is_told_can_be_read
                nothing_is_told_of_what_is_no_change
                a_full_queue_says_busy_and_keeps_what_it_took
                a_busy_store_takes_up_again
                the_queue_is_empty_when_all_is_answered
                an_open_store_is_ready
                closing_commits_what_is_queued
                a_closed_store_is_busy
                a_caller_who_gives_up_harms_nobody
            }
            identity {
                a_store_is_the_same_one_after_a_restart
                its_epoch_is_a_number_that_javascript_can_hold
            }
            concurrency {
                one_of_fifty_gets_the_account
                two_who_open_their_chat_at_once_meet_in_one
                two_who_ask_each_other_at_once_are_friends
                one_who_is_added_by_many_joins_once
                the_last_place_is_given_once
                places_have_no_gaps_however_many_send
                a_message_sent_many_times_at_once_is_stored_once
                one_who_is_removed_while_sending_gets_a_clean_cut
                a_reader_never_sees_a_gap
                a_client_that_syncs_while_others_write_misses_nothing
                members_come_and_go_without_a_gap_in_the_revs
            }
            random {
                known_stories_end_as_the_model_says
                a_new_story_ends_as_the_model_says
            }
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! store_claims {
    ($fixture:ident $($subject:ident { $($claim:ident)* })*) => {
        $(
            mod $subject {
                $(
                    #[test]
                    fn $claim() {
                        $crate::suite::run(super::$fixture, $crate::suite::$subject::$claim);
                    }
                )*
            }
        )*
    };
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_claim_is_in_the_list() {
        let subjects = [
            ("uploads", include_str!("uploads.rs")),
            ("users", include_str!("users.rs")),
            ("sessions", include_str!("sessions.rs")),
            ("friends", include_str!("friends.rs")),
            ("founding", include_str!("founding.rs")),
            ("groups", include_str!("groups.rs")),
            ("messages", include_str!("messages.rs")),
            ("receipts", include_str!("receipts.rs")),
            ("history", include_str!("history.rs")),
            ("chats", include_str!("chats.rs")),
            ("sync", include_str!("sync.rs")),
            ("sync_of_members", include_str!("sync_of_members.rs")),
            ("bounds", include_str!("bounds.rs")),
            ("events", include_str!("events.rs")),
            ("feed", include_str!("feed.rs")),
            ("identity", include_str!("identity.rs")),
            ("concurrency", include_str!("concurrency.rs")),
            ("random", include_str!("random.rs")),
        ];
        rim_core::claims::are_listed(include_str!("mod.rs"), &subjects);
    }
}
