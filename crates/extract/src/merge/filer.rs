//! In which file of a flow log a record is: its account, its region, and the window in which it ends.

use jiff::Timestamp;

use super::columns::{Columns, FILED, WINDOW_SECONDS};
use super::home::{Home, is_account, is_region, region_in};
use super::texts::{NONE, Texts};
use crate::origin::Origin;
use crate::record::Record;

/// Records of an object of which the account or the region is not known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Homeless {
    /// Those without an account.
    pub accounts: u64,
    /// Those without a region.
    pub regions: u64,
}

/// Finds the files of records.
#[derive(Debug)]
pub(super) struct Filer {
    /// The parts of the key with the fields that say it.
    account: Option<usize>,
    region: Option<usize>,
    /// The measures that say when a record ends, or else when it starts.
    times: [Option<usize>; 2],
    /// That of records that do not say it themselves.
    home: Home,
    pub(super) homeless: Homeless,
    /// The last field that is a region.
    known_region: u32,
    /// The origin of the record before, and the ids of its account and region.
    origin: Origin,
    ids: Option<(u32, u32)>,
}

impl Filer {
    pub(super) fn new(columns: &Columns, names: &[&str]) -> Self {
        let place = |name| names.iter().position(|known| *known == name);
        let part = |name| place(name).and_then(|place| columns.part_of(place));
        let measure = |name| place(name).and_then(|place| columns.measure_of(place));
        Self {
            account: part("account-id"),
            region: part("region"),
            times: [measure("end"), measure("start")],
            home: Home::default(),
            homeless: Homeless::default(),
            known_region: NONE,
            origin: Origin::default(),
            ids: None,
        }
    }

    /// Sets the account and region of records whose fields and origin do not say them.
    pub(super) fn set_home(&mut self, home: Home) {
        self.home = home;
        self.ids = None;
    }

    /// Forgets the ids of texts.
    pub(super) fn forget_texts(&mut self) {
        self.known_region = NONE;
        self.ids = None;
    }

    /// Sets the first parts of a record's key, when all others are set.
    #[inline]
    pub(super) fn file(
        &mut self,
        record: &Record<'_>,
        key: &mut [u32],
        measures: &[i64],
        texts: &mut Texts,
    ) {
        let account = self.account.map(|part| key[part]).filter(|id| {
            let text = texts.get(*id).and_then(as_text);
            text.is_some_and(is_account)
        });
        let region = self.region.map(|part| key[part]).filter(|id| {
            *id == self.known_region && *id != NONE || {
                let text = texts.get(*id).and_then(as_text);
                text.is_some_and(is_region)
            }
        });
        self.known_region = region.unwrap_or(self.known_region);
        let (account, region) = match (account, region) {
            (Some(account), Some(region)) => (account, region),
            _ => {
                let (of_origin, region_of_origin) = self.ids(record.origin.origin, texts);
                let account = account.unwrap_or(of_origin);
                let region = region.unwrap_or(region_of_origin);
                (account, region)
            }
        };
        self.homeless.accounts += u64::from(account == NONE);
        self.homeless.regions += u64::from(region == NONE);
        let seconds = self.times.iter().flatten().map(|time| measures[*time]);
        let seconds = seconds.chain(record.timestamp.map(|time| time.div_euclid(1000)));
        let is_time = |seconds: &i64| (0..=Timestamp::MAX.as_second()).contains(seconds);
        let end = seconds.into_iter().find(is_time).unwrap_or_default();
        let [account_part, region_part, window_part] = FILED;
        key[account_part] = account;
        key[region_part] = region;
        // The years up to 9999 have fewer windows than there are numbers.
        key[window_part] = (end / WINDOW_SECONDS) as u32 + 1;
    }

    /// The account and region of a record that does not say them itself.
    fn ids(&mut self, origin: &Origin, texts: &mut Texts) -> (u32, u32) {
        match self.ids.filter(|_| self.origin == *origin) {
            Some(ids) => ids,
            None => {
                let owner = as_text(&origin.owner).filter(|owner| is_account(owner));
                let named = |name| as_text(name).and_then(region_in);
                let region = named(&origin.log_stream).or_else(|| named(&origin.log_group));
                let mut id =
                    |text: Option<&str>| text.map_or(NONE, |text| texts.id(text.as_bytes()));
                let ids = (
                    id(owner.or(self.home.account.as_deref())),
                    id(region.or(self.home.region.as_deref())),
                );
                self.origin.clone_from(origin);
                *self.ids.insert(ids)
            }
        }
    }
}

fn as_text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}
