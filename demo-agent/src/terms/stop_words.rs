//! English words that say nothing about what a text is about.

use std::{collections::HashSet, sync::LazyLock};

static STOP_WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| WORDS.split(' ').collect());

const WORDS: &str = "\
    a about above after all already also always am an and any anyone anything are as at be because been before being but \
    by can cannot cant could did didnt do does doesnt doing done dont each eg either else etc ever every for \
    from get gets getting give given go goes going got had has have having he hello happen happened happens help her here hi him his how i ie if \
    im in into is isnt it its itself ive just know let lets like made make makes many may me mean means might more most much must \
    my need needs neither no nor not nothing of off on once one ones only onto or other others our ours out over own \
    please possible really simply exactly same say says shall she should show so some someone something stay stays still such take tell than thank \
    thanks that thats the their theirs them then there theres these they thing things this those through to too try \
    trying under until up us use used uses using very via want wants was way we well were what whats when where wheres \
    whether which while who whom whose why will with within without wont work works would yes yet you your yours";

pub(crate) fn contains(lower: &str) -> bool {
    STOP_WORDS.contains(lower)
}
