use super::*;

fn allowed(hosts: &[&str]) -> Callbacks {
    let hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
    Callbacks { hosts, private_addresses: false }
}

struct Says(Vec<&'static str>);

#[async_trait]
impl Resolver for Says {
    async fn resolve(&self, _host: &str, port: u16) -> std::io::Result<Vec<SocketAddr>> {
        let address = |ip: &&str| SocketAddr::new(ip.parse().unwrap(), port);
        Ok(self.0.iter().map(address).collect())
    }
}

#[test]
fn only_hosts_of_the_policy_and_only_encrypted() {
    let policy = allowed(&["hooks.example.com", "*.agents.example.com"]);
    for fine in [
        "https://hooks.example.com/a?b=c",
        "https://HOOKS.example.com.:8443/",
        "https://eu.agents.example.com",
        "https://a.b.agents.example.com/x",
    ] {
        assert!(endpoint(fine, &policy).is_ok(), "{fine}");
    }
    for (bad, why) in [
        ("http://hooks.example.com/", Unfit::NotHttps),
        ("file:///etc/passwd", Unfit::NotHttps),
        ("hooks.example.com", Unfit::NoAddress),
        ("/relative", Unfit::NoAddress),
        ("https://hooks.example.com@evil.example/", Unfit::NoAddress),
        ("https://evil.example#@hooks.example.com/", Unfit::NoAddress),
        ("https://evil.example/hooks.example.com", Unfit::NotAllowed),
        ("https://hooks.example.com.evil.example/", Unfit::NotAllowed),
        ("https://agents.example.com/", Unfit::NotAllowed),
        ("https://evilagents.example.com/", Unfit::NotAllowed),
        ("https://127.0.0.1/", Unfit::NotAllowed),
        ("https://", Unfit::NoAddress),
    ] {
        let found = endpoint(bad, &policy).err();
        // What does not read as a URL with this scheme at all is no address either.
        assert!(found == Some(why) || found == Some(Unfit::NoAddress), "{bad}: {found:?}");
    }
    assert_eq!(endpoint("https://hooks.example.com/", &allowed(&[])), Err(Unfit::NotAllowed));
    let read = endpoint("https://hooks.example.com:8443/a?b=c", &policy).unwrap();
    assert_eq!(
        (read.host.as_str(), read.port, read.path.as_str()),
        ("hooks.example.com", 8443, "/a?b=c")
    );
}

#[test]
fn what_is_inside_is_known() {
    for inside in [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "169.254.169.254",
        "100.100.100.200",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "168.63.129.16",
        "192.0.0.192",
        "198.18.0.1",
        "::1",
        "::",
        "fe80::1",
        "fd00:ec2::254",
        "fec0::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2001::1",
        "2001:db8::1",
        "100::1",
    ] {
        assert!(!is_public(inside.parse().unwrap()), "{inside}");
    }
    for outside in [
        "1.1.1.1",
        "93.184.216.34",
        "172.32.0.1",
        "100.63.0.1",
        "2606:4700::1111",
        "2a00:1450::1",
        "::ffff:1.1.1.1",
    ] {
        assert!(is_public(outside.parse().unwrap()), "{outside}");
    }
}

#[tokio::test]
async fn every_address_of_a_name_is_looked_at() {
    let policy = allowed(&["hooks.example.com", "127.0.0.1", "[::1]", "::1", "2130706433"]);
    let at = endpoint("https://hooks.example.com/", &policy).unwrap();
    let found = addresses(&at, &policy, &Says(vec!["1.1.1.1", "2606:4700::1111"])).await;
    assert_eq!(found.unwrap().len(), 2);
    for trap in
        [vec!["127.0.0.1"], vec!["1.1.1.1", "10.0.0.1"], vec!["1.1.1.1", "::ffff:169.254.169.254"]]
    {
        let found = addresses(&at, &policy, &Says(trap.clone())).await;
        assert_eq!(found, Err(Unfit::Internal), "{trap:?}");
    }
    assert_eq!(addresses(&at, &policy, &Says(vec![])).await, Err(Unfit::NotFound));
    // Addresses in place of names, also in the dress of a number, which resolvers take for one.
    for literal in ["https://127.0.0.1/", "https://[::1]/"] {
        let at = endpoint(literal, &policy).unwrap();
        assert_eq!(addresses(&at, &policy, &Says(vec!["1.1.1.1"])).await, Err(Unfit::Internal));
    }
    let at = endpoint("https://2130706433/", &policy).unwrap();
    assert_eq!(addresses(&at, &policy, &Says(vec!["127.0.0.1"])).await, Err(Unfit::Internal));
    let inside = Callbacks { private_addresses: true, ..policy };
    assert!(addresses(&at, &inside, &Says(vec!["127.0.0.1"])).await.is_ok());
}
