//! Whether a text matches a query, where, and how well. The index only proposes texts; what counts is decided here.

use chrono::{DateTime, Utc};

use super::{
    normal::Text,
    phrase::{Fit, Phrase, Place},
    query::Query,
};

/// More places of one text than these make no difference.
const MOST_PLACES: usize = 200;

/// A text that matches.
#[derive(Debug)]
pub(crate) struct Match {
    /// How well, above 0.
    pub(crate) relevance: i64,
    /// Where, in the order of the text.
    pub(crate) places: Vec<Found>,
}

/// A place of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) group: usize,
    pub(crate) place: Place,
    /// Its first token.
    token: usize,
}

/// The places of a query in a text. None when it does not match.
pub(crate) fn find(query: &Query, text: &Text) -> Option<Match> {
    let tokens = text.tokens().len();
    let occurs = |phrase: &Phrase| (0..tokens).any(|token| phrase.at(text, token).is_some());
    if query.without.iter().any(occurs) {
        return None;
    }
    let mut places = Vec::new();
    let mut relevance = Vec::new();
    for (group, phrases) in query.groups.iter().enumerate() {
        let before = places.len();
        for token in 0..tokens {
            let at = phrases.iter().filter_map(|phrase| phrase.at(text, token)).max_by_key(|place| place.fit);
            places.extend(at.map(|place| Found { group, place, token }));
            if places.len() - before == MOST_PLACES {
                break;
            }
        }
        let found = &places[before..];
        let best = found.iter().map(|found| found.place.fit).max()?;
        relevance.push(points(best) + 15 * count(found.len().min(8)));
    }
    places.sort_by_key(|found| found.token);
    let groups = count(relevance.len());
    let mean = relevance.into_iter().sum::<i64>() / groups;
    let near = window(&places, query.groups.len()).map_or(0, |window| 400 * groups / count(window).max(groups));
    let short = 5_000 / (50 + count(tokens));
    Some(Match { relevance: mean + near + short, places })
}

/// What orders hits: relevance, and how new the message is. A year is worth about as much as the difference between
/// the beginning of a word and a whole one. It does not depend on when it is asked.
pub(crate) fn score(found: &Match, in_title: bool, written_at: DateTime<Utc>) -> i64 {
    let title = if in_title { 300 } else { 0 };
    (found.relevance + title) * 1_000 + written_at.timestamp() / 105
}

fn points(fit: Fit) -> i64 {
    match fit {
        Fit::Part => 400,
        Fit::Beginning => 700,
        Fit::Whole => 1_000,
    }
}

/// The fewest tokens in a row with a place of each group; only where there are several groups.
fn window(places: &[Found], groups: usize) -> Option<usize> {
    if groups < 2 {
        return None;
    }
    let mut inside = vec![0_usize; groups];
    let (mut missing, mut first, mut best) = (groups, 0, None);
    for found in places {
        missing -= usize::from(inside[found.group] == 0);
        inside[found.group] += 1;
        while missing == 0 {
            let length = found.token - places[first].token + 1;
            best = Some(best.map_or(length, |best: usize| best.min(length)));
            inside[places[first].group] -= 1;
            missing += usize::from(inside[places[first].group] == 0);
            first += 1;
        }
    }
    best
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
