//! A cache that forgets what was used longest ago, and what is too old.

use hashbrown::HashTable;

use crate::text::hash_bytes;

const NONE: u32 = u32::MAX;

struct Slot<V> {
    key: Box<str>,
    hash: u64,
    value: V,
    expires: f64,
    newer: u32,
    older: u32,
}

/// At most `capacity` values by key, each for `ttl_s` seconds since it was put.
pub struct Cache<V> {
    capacity: usize,
    ttl_s: f64,
    table: HashTable<u32>,
    slots: Vec<Slot<V>>,
    newest: u32,
    oldest: u32,
    pub hits: u64,
    pub misses: u64,
}

impl<V> Cache<V> {
    #[must_use]
    pub fn new(capacity: usize, ttl_s: f64) -> Self {
        let (table, slots) = (HashTable::new(), Vec::new());
        Self { capacity, ttl_s, table, slots, newest: NONE, oldest: NONE, hits: 0, misses: 0 }
    }

    /// Return the value of a key, if it is there and not too old at the time `now`, in seconds; it is the newest then.
    pub fn get(&mut self, key: &str, now: f64) -> Option<&V> {
        match self.find(key) {
            Some(at) if self.slots[at as usize].expires > now => {
                self.hits += 1;
                self.touch(at);
                Some(&self.slots[at as usize].value)
            }
            found => {
                self.misses += 1;
                if let Some(at) = found {
                    self.remove(at);
                }
                None
            }
        }
    }

    /// Put a value, in the place of one of the same key, or of the one that was used longest ago if there is no room.
    pub fn put(&mut self, key: &str, value: V, now: f64) {
        if self.capacity == 0 {
            return;
        }
        let expires = now + self.ttl_s;
        if let Some(at) = self.find(key) {
            self.touch(at);
            let slot = &mut self.slots[at as usize];
            (slot.value, slot.expires) = (value, expires);
            return;
        }
        if self.slots.len() == self.capacity {
            self.remove(self.oldest);
        }
        let (at, hash) = (self.slots.len() as u32, hash_bytes(key.as_bytes()));
        self.slots.push(Slot { key: key.into(), hash, value, expires, newer: NONE, older: NONE });
        let slots = &self.slots;
        self.table.insert_unique(hash, at, |&other| slots[other as usize].hash);
        self.link(at);
    }

    /// Forget a key and return its value.
    pub fn pop(&mut self, key: &str) -> Option<V> {
        let at = self.find(key)?;
        Some(self.remove(at))
    }

    /// Forget everything but the counts.
    pub fn clear(&mut self) {
        self.table.clear();
        self.slots.clear();
        (self.newest, self.oldest) = (NONE, NONE);
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Visit every value that is kept.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.slots.iter().map(|slot| &slot.value)
    }

    #[inline]
    fn find(&self, key: &str) -> Option<u32> {
        let hash = hash_bytes(key.as_bytes());
        let is_it = |&at: &u32| self.slots[at as usize].hash == hash && &*self.slots[at as usize].key == key;
        self.table.find(hash, is_it).copied()
    }

    fn touch(&mut self, at: u32) {
        if self.newest != at {
            self.unlink(at);
            self.link(at);
        }
    }

    fn link(&mut self, at: u32) {
        let before = self.newest;
        (self.slots[at as usize].newer, self.slots[at as usize].older) = (NONE, before);
        match before {
            NONE => self.oldest = at,
            _ => self.slots[before as usize].newer = at,
        }
        self.newest = at;
    }

    fn unlink(&mut self, at: u32) {
        let (newer, older) = (self.slots[at as usize].newer, self.slots[at as usize].older);
        match newer {
            NONE => self.newest = older,
            _ => self.slots[newer as usize].older = older,
        }
        match older {
            NONE => self.oldest = newer,
            _ => self.slots[older as usize].newer = newer,
        }
    }

    /// Take a slot out; the last slot moves into its place.
    fn remove(&mut self, at: u32) -> V {
        self.unlink(at);
        self.forget(self.slots[at as usize].hash, at);
        let last = self.slots.len() as u32 - 1;
        if at != last {
            let hash = self.slots[last as usize].hash;
            if let Some(entry) = self.table.find_mut(hash, |&other| other == last) {
                *entry = at;
            }
            let (newer, older) = (self.slots[last as usize].newer, self.slots[last as usize].older);
            match newer {
                NONE => self.newest = at,
                _ => self.slots[newer as usize].older = at,
            }
            match older {
                NONE => self.oldest = at,
                _ => self.slots[older as usize].newer = at,
            }
        }
        self.slots.swap_remove(at as usize).value
    }

    fn forget(&mut self, hash: u64, at: u32) {
        if let Ok(entry) = self.table.find_entry(hash, |&other| other == at) {
            entry.remove();
        }
    }
}
