//! Whether a token is still good, asked of the record and not of the token; and taking one back.

use serde_json::{Map, Value};

use super::caller::Caller;
use super::{Result, TokenDesk};
use crate::domain::event::{Actor, What};
use crate::domain::ids::TokenId;
use crate::domain::time::Timestamp;
use crate::domain::token::IssuedToken;
use crate::identity::{Kind, Signer};
use crate::store::{Session, StoreError, work};

/// The most tokens that one may rest on; chains are far shorter.
const MOST_PARENTS: usize = 64;

/// Whether the token is good: neither it nor anything that it rests on has ended.
pub(super) async fn is_live(
    session: &mut Session,
    token: &IssuedToken,
    now: Timestamp,
) -> std::result::Result<bool, StoreError> {
    let mut waiting = vec![token.clone()];
    let mut looked_at = 0;
    while let Some(token) = waiting.pop() {
        looked_at += 1;
        if looked_at > MOST_PARENTS || !token.is_live(now) {
            return Ok(false);
        }
        if !session.agent(token.agent).await?.is_some_and(|agent| agent.is_active()) {
            return Ok(false);
        }
        if !session.credential(token.credential).await?.is_some_and(|one| one.is_live(now)) {
            return Ok(false);
        }
        for grant in &token.grants {
            if !session.grant(*grant).await?.is_some_and(|grant| grant.is_live(now)) {
                return Ok(false);
            }
        }
        for parent in &token.exchanged {
            match session.token(*parent).await? {
                Some(parent) => waiting.push(parent),
                None => return Ok(false),
            }
        }
    }
    Ok(true)
}

/// The `jti` of a token of ours.
fn id(claims: &Map<String, Value>) -> Option<TokenId> {
    claims.get("jti")?.as_str()?.parse().ok()
}

impl TokenDesk {
    /// What is known of a token that was recognised, if it is still good.
    pub(super) async fn live_token(
        &self,
        claims: &Map<String, Value>,
    ) -> Result<Option<IssuedToken>> {
        let Some(id) = id(claims) else { return Ok(None) };
        let mut session = self.service().store().read().await?;
        let Some(token) = session.token(id).await? else { return Ok(None) };
        let live = is_live(&mut session, &token, self.service().now()).await?;
        Ok(live.then_some(token))
    }

    /// What a token says, if it is still good and the caller may know (RFC 7662): a service that the
    /// policy names may, and the agent that it was issued to.
    pub async fn introspect(
        &self,
        caller: &Caller,
        token: &str,
    ) -> Result<Option<Map<String, Value>>> {
        let Ok(mut claims) = self.parts.ring.recognise(Kind::AccessToken, None, token) else {
            return Ok(None);
        };
        let Some(issued) = self.live_token(&claims).await? else { return Ok(None) };
        let may = match caller {
            Caller::Service { .. } => true,
            Caller::Agent { id, .. } => *id == issued.agent,
            Caller::Person(_) => false,
        };
        if !may {
            return Ok(None);
        }
        let bound = claims.contains_key("cnf");
        claims.insert("active".to_owned(), true.into());
        claims.insert("token_type".to_owned(), if bound { "DPoP" } else { "Bearer" }.into());
        Ok(Some(claims))
    }

    /// Takes a token back (RFC 7009), and all that were given for it with it. Says whether the
    /// caller may: the agent that it was issued to. What is over or unknown is nobody's.
    pub async fn revoke(&self, caller: &Caller, token: &str) -> Result<bool> {
        let Ok(claims) = self.parts.ring.recognise(Kind::AccessToken, None, token) else {
            return Ok(true);
        };
        let Some(id) = id(&claims) else { return Ok(true) };
        let Caller::Agent { id: by, .. } = caller else { return Ok(false) };
        let (by, now) = (*by, self.service().now());
        let work = work(move |tx| {
            Box::pin(async move {
                let Some(token) = tx.token(id).await? else { return Ok(true) };
                if token.agent != by {
                    return Ok(false);
                }
                if let Some(revoked) = token.revoke(now) {
                    tx.update_token(&revoked).await?;
                    let what = What::TokenRevoked { token: id, agent: by };
                    tx.append(now, Actor::Agent(by), what).await?;
                }
                Ok(true)
            })
        });
        Ok(self.service().store().write(work).await?)
    }
}
