// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migration.net;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** Certificates made by the JDK's keytool, in one store. */
public final class TestPki {

    private static final String PASSWORD = "changeit";

    private final Path store;

    /** @param folder for the store */
    public TestPki(Path folder) {
        store = folder.resolve("store.p12");
    }

    /** An authority. */
    public TestPki authority(String alias) {
        keytool(alias, "-ext", "bc:c", "-validity", "1");
        return this;
    }

    /** A certificate for a host. */
    public TestPki host(String alias, String name, String authority) {
        keytool(alias, "-signer", authority, "-ext", "san=dns:" + name, "-validity", "1");
        return this;
    }

    /** The same, not valid any more. */
    TestPki expired(String alias, String name, String authority) {
        keytool(alias, "-signer", authority, "-ext", "san=dns:" + name, "-startdate", "-3d", "-validity", "1");
        return this;
    }

    private void keytool(String alias, String... more) {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin/keytool")
            .toString(), "-genkeypair", "-alias", alias, "-keyalg", "EC", "-groupname", "secp256r1", "-dname",
            "CN=" + alias, "-storetype", "PKCS12", "-keystore", store.toString(), "-storepass", PASSWORD));
        command.addAll(List.of(more));
        try {
            Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
            String said = new String(process.getInputStream().readAllBytes());
            if (process.waitFor() != 0) {
                throw new IllegalStateException(command + ": " + said);
            }
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Writes what a daemon reads: {@code NAME.pem}, {@code NAME.key} and {@code ca.pem}. */
    public void write(Path folder, String name, String alias, String... authorities) throws IOException {
        Files.createDirectories(folder);
        try {
            KeyStore keys = load();
            StringBuilder trusted = new StringBuilder();
            for (String authority : authorities) {
                trusted.append(pem("CERTIFICATE", keys.getCertificate(authority).getEncoded()));
            }
            replace(folder.resolve(name + ".pem"), pem("CERTIFICATE", keys.getCertificate(alias).getEncoded()));
            replace(folder.resolve(name + ".key"), pem("PRIVATE KEY", key(keys, alias).getEncoded()));
            replace(folder.resolve("ca.pem"), trusted.toString());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** For a peer that is no daemon; a null alias has no certificate. */
    SSLContext context(String alias, String authority) throws IOException {
        try {
            KeyStore all = load();
            KeyStore own = KeyStore.getInstance("PKCS12");
            own.load(null, null);
            if (alias != null) {
                own.setKeyEntry(alias, key(all, alias), PASSWORD.toCharArray(),
                    new Certificate[] {all.getCertificate(alias)});
            }
            KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(own, PASSWORD.toCharArray());
            KeyStore trusted = KeyStore.getInstance("PKCS12");
            trusted.load(null, null);
            trusted.setCertificateEntry("ca", all.getCertificate(authority));
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(trusted);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private KeyStore load() throws IOException, GeneralSecurityException {
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            keys.load(in, PASSWORD.toCharArray());
        }
        return keys;
    }

    private static Key key(KeyStore keys, String alias) throws GeneralSecurityException {
        return keys.getKey(alias, PASSWORD.toCharArray());
    }

    private static String pem(String type, byte[] der) {
        return "-----BEGIN " + type + "-----\n" + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der)
            + "\n-----END " + type + "-----\n";
    }

    /** As an administrator's tools do it: another file in the place of the old one. */
    private static void replace(Path file, String text) throws IOException {
        Path next = file.resolveSibling(file.getFileName() + ".next");
        Files.writeString(next, text);
        Files.move(next, file, StandardCopyOption.REPLACE_EXISTING,
            StandardCopyOption.ATOMIC_MOVE);
    }
}
