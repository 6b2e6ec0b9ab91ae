//! Signing as clients and attackers do.

use countersign::domain::credential::PublicKey;
use countersign::domain::signing_key::Algorithm;
use countersign::identity::jws;
use countersign::identity::pair::KeyPair;
use serde_json::{Map, Value, json};

/// A key pair outside of the product.
pub struct Pair {
    pub pair: KeyPair,
    pub pkcs8: Vec<u8>,
    pub algorithm: Algorithm,
}

impl Pair {
    pub fn make(algorithm: Algorithm) -> Self {
        let (pair, pkcs8) = KeyPair::make(algorithm).expect("a pair");
        Self { pair, pkcs8, algorithm }
    }

    pub fn public(&self) -> &PublicKey {
        self.pair.public()
    }

    pub fn thumbprint(&self) -> String {
        self.public().thumbprint()
    }

    pub fn jwk(&self) -> Value {
        let mut jwk = serde_json::to_value(self.public()).expect("a JWK");
        jwk["kid"] = self.thumbprint().into();
        jwk
    }

    /// These claims, signed; the header as well as it can be, and changed by `header`.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let mut whole = json!({"alg": self.algorithm.name(), "kid": self.thumbprint()});
        for (name, value) in object(header) {
            whole[name] = value;
        }
        let whole: Map<String, Value> =
            object(&whole).into_iter().filter(|(_, value)| !value.is_null()).collect();
        jws::sign(&whole, &object(claims), |text| self.pair.sign(text)).expect("signed")
    }
}

pub fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

/// The claims of a token, unverified.
pub fn read(token: &str) -> Value {
    Value::Object(jws::Jws::parse(token).expect("a token").claims)
}

/// The header of a token.
pub fn header(token: &str) -> Value {
    Value::Object(jws::Jws::parse(token).expect("a token").header)
}
