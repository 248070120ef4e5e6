// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migration.net;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/** Reads PEM; what is wrong is one line for an administrator. */
final class KeyFiles {

    private static final int MOST_BYTES = 256 << 10;
    private static final String BEGIN = "-----BEGIN PRIVATE KEY-----";
    private static final String END = "-----END PRIVATE KEY-----";
    /** Kinds of keys, with what they sign by. */
    private static final Map<String, String> SIGNATURES = Map.of("EC", "SHA256withECDSA", "RSA", "SHA256withRSA",
        "EdDSA", "EdDSA");

    private KeyFiles() {
    }

    /** Certificates of a file, one at least. */
    static X509Certificate[] certificates(Path file) throws IOException {
        try {
            X509Certificate[] found = CertificateFactory.getInstance("X.509")
                .generateCertificates(new ByteArrayInputStream(bytes(file))).toArray(new X509Certificate[0]);
            if (found.length == 0) {
                throw new IOException(file + " holds no certificate (-----BEGIN CERTIFICATE-----)");
            }
            return found;
        } catch (GeneralSecurityException e) {
            throw new IOException(file + " cannot be read as certificates: " + e.getMessage(), e);
        }
    }

    /** The key that belongs to a certificate. */
    static PrivateKey key(Path file, X509Certificate certificate) throws IOException {
        String text = new String(bytes(file), StandardCharsets.US_ASCII);
        int begin = text.indexOf(BEGIN);
        int end = text.indexOf(END);
        String type = certificate.getPublicKey().getAlgorithm();
        if (begin < 0 || end < begin || !SIGNATURES.containsKey(type)) {
            throw new IOException(file + " holds no key that can be used: it must be an EC, RSA or Ed25519 key in"
                + " PKCS#8 (" + BEGIN + "), as 'openssl pkcs8 -topk8 -nocrypt' writes it");
        }
        try {
            byte[] der = Base64.getMimeDecoder().decode(text.substring(begin + BEGIN.length(), end));
            PrivateKey key = KeyFactory.getInstance(type).generatePrivate(new PKCS8EncodedKeySpec(der));
            if (!belong(key, certificate.getPublicKey(), SIGNATURES.get(type))) {
                throw new IOException(file + " is not the key of the certificate");
            }
            return key;
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw new IOException(file + " is not the key of the certificate, or damaged: " + e.getMessage(), e);
        }
    }

    private static boolean belong(PrivateKey key, PublicKey certified, String by) throws GeneralSecurityException {
        byte[] text = "blkbackd".getBytes(StandardCharsets.US_ASCII);
        Signature signature = Signature.getInstance(by);
        signature.initSign(key);
        signature.update(text);
        byte[] signed = signature.sign();
        signature.initVerify(certified);
        signature.update(text);
        return signature.verify(signed);
    }

    /** What tells one version of the files from another. */
    static List<Object> version(Path... files) {
        return Arrays.stream(files).<Object>map(file -> {
            try {
                return Files.readAttributes(file, "unix:ino,size,lastModifiedTime,ctime").toString();
            } catch (IOException | RuntimeException e) {
                return e.toString();
            }
        }).toList();
    }

    private static byte[] bytes(Path file) throws IOException {
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            throw new IOException(file + " is no regular file");
        }
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(MOST_BYTES + 1);
            if (bytes.length > MOST_BYTES) {
                throw new IOException(file + " is longer than " + MOST_BYTES + " bytes");
            }
            return bytes;
        } catch (NoSuchFileException e) {
            throw new IOException(file + " does not exist", e);
        }
    }
}
