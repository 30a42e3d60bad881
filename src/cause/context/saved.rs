//! What is remembered, as bytes: for the reading that goes on with it.
//!
//! Of what is read nothing is believed: no more is kept than would have been remembered, and what
//! follows from the rest is reckoned again. What there was no room for is not in it: whoever met it
//! has told.

use std::hash::Hash;

use super::client::{Attempt, Client};
use super::merge::in_order;
use super::{Context, Map, Service, ServiceFacts};
use crate::conn::Moment;
use crate::digest::wire::{Bad, Coder};
use crate::packet::Address;

/// More of anything would not be counted.
const MOST: u32 = 1 << 31;

impl Context {
    /// Writes everything that verdicts lean on, or reads it into an empty one.
    ///
    /// # Errors
    /// [`Bad`] for what makes no sense.
    pub(crate) fn code<C: Coder>(&mut self, coder: &mut C) -> Result<(), Bad> {
        let Self {
            services,
            clients,
            hosts,
            ports,
            families,
            bypasses,
            proxies,
            attempts,
            remembered,
            limit: _,
            forgotten: _,
            folded: _,
            not_compared: _,
            idle: _,
            only: _,
        } = self;
        map(coder, services, service, |coder, facts| facts.code(coder))?;
        map(coder, clients, address, |coder, client| client.code(coder))?;
        map(coder, hosts, address, |coder, host| host.code(coder))?;
        map(coder, ports, address, |coder, ports| {
            let mut all = ports.to_vec();
            coder.list(&mut all, Coder::plain)?;
            *ports = all.into();
            Ok(())
        })?;
        families.code(coder)?;
        bypasses.code(coder)?;
        if C::READS {
            *attempts = clients.values().map(|client| client.attempts().len()).sum();
            *remembered = services.values().map(ServiceFacts::remembered).sum();
            *proxies = ports.keys().filter(|address| clients.contains_key(address)).count();
        }
        Ok(())
    }
}

/// Keys and values, in the order of the keys.
pub(super) fn map<C: Coder, K: Ord + Copy + Hash + Default, V: Default>(
    coder: &mut C,
    all: &mut Map<K, V>,
    mut key: impl FnMut(&mut C, &mut K) -> Result<(), Bad>,
    mut value: impl FnMut(&mut C, &mut V) -> Result<(), Bad>,
) -> Result<(), Bad> {
    let mut list = in_order(std::mem::take(all));
    coder.list(&mut list, |coder, (own, of)| {
        key(coder, own)?;
        value(coder, of)
    })?;
    let length = list.len();
    all.extend(list);
    if all.len() == length { Ok(()) } else { Err(Bad("something is in it twice")) }
}

/// A number that others are added to.
pub(super) fn few<C: Coder>(coder: &mut C, count: &mut u32) -> Result<(), Bad> {
    coder.plain(count)?;
    if *count < MOST { Ok(()) } else { Err(Bad("a count is too large")) }
}

pub(super) fn address<C: Coder>(coder: &mut C, address: &mut Address) -> Result<(), Bad> {
    let half = |bits: u128| u64::try_from(bits & u128::from(u64::MAX)).unwrap_or(0);
    let (mut high, mut low) = (half(address.0 >> 64), half(address.0));
    coder.number(&mut high)?;
    coder.number(&mut low)?;
    *address = Address(u128::from(high) << 64 | u128::from(low));
    Ok(())
}

pub(super) fn service<C: Coder>(coder: &mut C, service: &mut Service) -> Result<(), Bad> {
    address(coder, &mut service.0)?;
    coder.plain(&mut service.1)
}

pub(super) fn moment<C: Coder>(coder: &mut C, moment: &mut Moment) -> Result<(), Bad> {
    let mut time = moment.get();
    coder.option(&mut time, Coder::signed)?;
    *moment = time.into();
    Ok(())
}

impl Attempt {
    pub(super) fn code<C: Coder>(&mut self, coder: &mut C) -> Result<(), Bad> {
        let Self {
            id,
            service: of,
            port,
            isn,
            start,
            wait,
            completed,
            abandoned,
            failed,
            unanswered,
            bytes,
            heard,
            unusual,
            stamp,
        } = self;
        coder.number(id)?;
        service(coder, of)?;
        coder.plain(port)?;
        coder.plain(isn)?;
        coder.signed(start)?;
        for time in [wait, completed] {
            moment(coder, time)?;
        }
        for switch in [abandoned, failed, unanswered, heard] {
            coder.flag(switch)?;
        }
        coder.number(bytes)?;
        coder.plain(unusual)?;
        coder.option(stamp, Coder::plain)
    }
}

impl Client {
    pub(super) fn code<C: Coder>(&mut self, coder: &mut C) -> Result<(), Bad> {
        let mut all: Vec<Attempt> = self.attempts().to_vec();
        coder.list(&mut all, |coder, attempt| attempt.code(coder))?;
        if C::READS {
            *self = Self::default();
            for attempt in all {
                self.add(attempt);
            }
        }
        Ok(())
    }
}
