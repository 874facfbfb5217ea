//! Several neighbouring segments made into one; documents keep their order, dead ones go if asked.

use super::postings::Block;
use super::score::length_of;
use super::segment::{Builder, Segment};
use crate::keys::GONE;
use crate::shelf::Stored;
use crate::{Result, bits, keys};

/// Build one segment of several, and say what the new number of each document is. `dropped` has the documents of each
/// segment that are left out, as bits; no bits for none.
///
/// # Errors
/// As `Builder::push`, and `Error::Corrupt` for a damaged segment.
pub fn merge(segments: &[&Segment], dropped: &[&[u64]]) -> Result<(Builder, Vec<Vec<u32>>)> {
    let (mut runs, mut classes, mut maps) = (Vec::new(), Vec::new(), Vec::new());
    for (segment, dropped) in segments.iter().zip(dropped) {
        let (their_runs, their_classes) = (segment.runs()?, segment.classes()?);
        let mut map = vec![GONE; segment.docs];
        for (doc, &class) in their_classes.iter().enumerate().filter(|&(doc, _)| !bits::get(dropped, doc)) {
            map[doc] = classes.len() as u32;
            keys::push(&mut runs, classes.len() as u64, keys::of(their_runs, doc as u32));
            classes.push(class);
        }
        maps.push(map);
    }
    let total_length = classes.iter().map(|&class| length_of(class)).sum();
    let mut builder = Builder::new(segments[0].params, runs, classes, total_length);
    merge_terms(segments, &maps, &mut builder)?;
    Ok((builder, maps))
}

fn merge_terms(segments: &[&Segment], maps: &[Vec<u32>], builder: &mut Builder) -> Result<()> {
    let mut places = vec![0; segments.len()];
    let mut heads = Vec::with_capacity(segments.len());
    for segment in segments {
        heads.push(head(segment, 0)?);
    }
    let (mut docs, mut tfs, mut block) = (Vec::new(), Vec::new(), Block::default());
    while let Some(hash) = heads.iter().flatten().min().copied() {
        docs.clear();
        tfs.clear();
        for (at, segment) in segments.iter().enumerate().filter(|&(at, _)| heads[at] == Some(hash)) {
            read_list(segment, places[at], &maps[at], &mut block, &mut docs, &mut tfs)?;
            places[at] += 1;
        }
        for (at, segment) in segments.iter().enumerate() {
            heads[at] = head(segment, places[at])?;
        }
        if !docs.is_empty() {
            builder.push(hash, &docs, &tfs)?;
        }
    }
    Ok(())
}

fn head(segment: &Segment, place: usize) -> Result<Option<u64>> {
    if place < segment.terms() { segment.hash(place).map(Some) } else { Ok(None) }
}

fn read_list(
    segment: &Segment,
    place: usize,
    map: &[u32],
    block: &mut Block,
    docs: &mut Vec<u32>,
    tfs: &mut Vec<u32>,
) -> Result<()> {
    let list = segment.term(place)?;
    for number in 0..list.block_count() {
        list.decode(number, block).ok_or_else(|| segment.damaged())?;
        for (&doc, &more) in block.docs().iter().zip(block.more()) {
            let new = *map.get(doc as usize).ok_or_else(|| segment.damaged())?;
            if new != GONE {
                docs.push(new);
                tfs.push(more.saturating_add(1));
            }
        }
    }
    Ok(())
}
