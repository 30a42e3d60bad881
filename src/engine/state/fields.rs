//! The fields of a state, for whoever writes and whoever reads.

use super::{Carried, Standing};
use crate::conn::Clock;
use crate::digest::summary::hosts;
use crate::digest::wire::{Bad, Coder};
use crate::packet::{Address, Unfinished};
use crate::table::shared::Earlier;

fn address<C: Coder>(coder: &mut C, address: &mut Address) -> Result<(), Bad> {
    let mut octets = address.0.to_be_bytes().to_vec();
    coder.octets(&mut octets)?;
    let octets = octets.try_into().map_err(|_| Bad("an address has another length"))?;
    *address = Address(u128::from_be_bytes(octets));
    Ok(())
}

pub(super) fn standing<C: Coder>(coder: &mut C, standing: &mut Standing) -> Result<(), Bad> {
    let Standing {
        packets,
        connections,
        clock,
        times: (first, last),
        names,
        marks,
        waiting,
        hosts: told,
        carried,
    } = standing;
    coder.count(packets)?;
    coder.count(connections)?;
    let (mut now, mut leap) = (clock.now(), clock.in_doubt());
    coder.signed(&mut now)?;
    coder.option(&mut leap, Coder::signed)?;
    *clock = Clock::standing(now, leap);
    coder.option(first, Coder::signed)?;
    coder.signed(last)?;
    for Earlier { count, names } in names {
        coder.plain(count)?;
        coder.list(names, |coder, (index, name)| {
            coder.plain(index)?;
            coder.text(name)
        })?;
    }
    coder.list(marks, |coder, mark: &mut Vec<u64>| coder.list(mark, Coder::number))?;
    coder.list(waiting, |coder, one: &mut Unfinished| unfinished(coder, one))?;
    hosts(coder, told)?;
    let Carried { connections, packets, read } = carried;
    for number in [connections, packets, read] {
        coder.count(number)?;
    }
    Ok(())
}

fn unfinished<C: Coder>(coder: &mut C, one: &mut Unfinished) -> Result<(), Bad> {
    let Unfinished { id, source, destination, protocol, path, first_seen, octets, ranges, end } =
        one;
    coder.plain(id)?;
    address(coder, source)?;
    address(coder, destination)?;
    coder.plain(protocol)?;
    coder.plain(&mut path.0)?;
    coder.signed(first_seen)?;
    coder.octets(octets)?;
    for list in ranges {
        coder.list(list, |coder, (start, end): &mut (usize, usize)| {
            coder.plain(start)?;
            coder.plain(end)
        })?;
    }
    coder.option(end, Coder::plain)
}
