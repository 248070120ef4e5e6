// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.blkbackd.blkback.config.MigrationConfig.PeerConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MigrationConfigTest {

    @TempDir
    private Path dir;

    @Test
    void nobodyIsAPeerUnlessConfigured() throws Exception {
        assertEquals(MigrationConfig.NONE, load(""));
        assertFalse(MigrationConfig.NONE.hasPeers());
        assertEquals(MigrationConfig.NONE, load("migration { listen = none }"));
    }

    @Test
    void readsEveryKey() throws Exception {
        MigrationConfig config = load("""
            migration {
              listen = "[2001:db8::1]:7878"
              host = HostA.example
              certificate = "/etc/tls/a.pem"
              key = "/etc/tls/a.key"
              authorities = "/etc/tls/ca.pem"
              peers = [
                { name = HostB.example, address = "192.0.2.2:7878", images = ["wwid:*", "name:web-?"] }
                { name = hostc, address = "hostc.example:1" }
              ]
            }
            """);
        assertEquals(new MigrationConfig("[2001:db8::1]:7878", "hosta.example", Path.of("/etc/tls/a.pem"),
            Path.of("/etc/tls/a.key"), Path.of("/etc/tls/ca.pem"), List.of(
                new PeerConfig("hostb.example", "192.0.2.2:7878", List.of("wwid:*", "name:web-?")),
                new PeerConfig("hostc", "hostc.example:1", List.of("*")))), config);
        assertEquals("2001:db8::1", MigrationConfig.hostOf(config.listen()));
        assertEquals(7878, MigrationConfig.portOf(config.listen()));
    }

    @Test
    void saysWhatIsWrongWhereAndWhatIsAllowed() throws IOException {
        assertRefused("""
            migration {
              listen = "7878"
              hosts = a
              certificate = cert.pem
              key = 7
              peers = [ { name = "a b", address = "hostb:0" }
                { adress = "hostb:7878" }
                hostc
              ]
            }
            """,
            "2: migration.listen = \"7878\": must be ADDRESS:PORT or none",
            "3: migration.hosts = \"a\": there is no such key; did you mean host?",
            "4: migration.certificate = \"cert.pem\": must be an absolute path",
            "5: migration.key = 7: must be an absolute path",
            "6: migration.peers[0].address = \"hostb:0\": must be HOST:PORT",
            "6: migration.peers[0].name = \"a b\": must be the name of a host",
            "7: migration.peers[1] = {\"adress\":\"hostb:7878\"}: must have a key name",
            "7: migration.peers[1].adress = \"hostb:7878\": there is no such key; did you mean address?",
            "8: migration.peers[2] = \"hostc\": must be { name = ..., address = HOST:PORT, images = [...] }");
    }

    @Test
    void refusesWhatDoesNotGoTogether() throws IOException {
        assertRefused("migration = none", "1: migration = \"none\": must be " + MigrationBinding.ALLOWED);
        assertRefused("migration { listen = \"0.0.0.0:7878\" }",
            "1: migration = {\"listen\":\"0.0.0.0:7878\"}: has listen and no peers: nobody may ask this host");
        assertRefused("migration { peers = [{ name = b, address = \"b:1\" }] }",
            "1: migration = {\"peers\":[{\"address\":\"b:1\",\"name\":\"b\"}]}: has peers and no listen: they could not"
                + " ask this host");
        assertRefused("migration { listen = \"a:1\", host = A, peers = [{ name = a, address = \"b:1\" }] }",
            "1: migration.peers[0] = {\"address\":\"b:1\",\"name\":\"a\"}: must have a name that neither this host nor"
                + " another peer has");
        assertRefused("migration { listen = \"a:1\", peers = [] }",
            "1: migration.peers = []: must be a list of 1 to 64 of { name = ..., address = HOST:PORT, images ="
                + " [...] }");
        assertRefused("migration { listen = \"a:1\", peers = [{ name = b, address = \"b:1\", images = [] }] }",
            "1: migration.peers[0].images = []: must be a list of patterns, as [\"wwid:*\", \"name:shared-*\"]");
    }

    @Test
    void nothingIsSubstituted() {
        for (String text : List.of("migration = ${HOME}", "migration { listen = ${HOME} }",
            "migration { peers = [${HOME}] }", "migration { peers = [{ name = a, address = \"b:1\", images = ${x} }] }",
            "migration { peers = [{ name = ${x} }] }", "migration { listen = a, listen += b }")) {
            ConfigException refused = assertThrows(ConfigException.class, () -> load(text), text);
            refused.problems().forEach(line -> assertFalse(line.contains("\n"), line));
        }
    }

    private MigrationConfig load(String text) throws IOException, ConfigException {
        return ConfigLoader.load(Files.writeString(dir.resolve("t.conf"), text), Map.of()).migration();
    }

    private void assertRefused(String text, String... expected) {
        ConfigException e = assertThrows(ConfigException.class, () -> load(text));
        String file = dir.resolve("t.conf") + ":";
        assertEquals(String.join("\n", List.of(expected)), String.join("\n", e.problems()).replace(file, ""));
    }
}
