// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.migration.net;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * TLS 1.3 with a certificate on both sides, and nothing less. The files are looked at for each connection, and read
 * again when they have changed; while the new ones cannot be used, the old ones are. Belongs to the loop.
 */
final class PeerTls {

    private static final Logger LOG = LoggerFactory.getLogger(PeerTls.class);
    private static final String TLS = "TLSv1.3";
    private static final Integer DNS_NAME = 2;
    private static final long GOODBYE_MS = 1_000;

    private final PeerSettings settings;
    private final long greetingMs;
    private List<Object> version = List.of();
    private SslContext server;
    private SslContext client;
    private String failure;

    PeerTls(PeerSettings settings, long greetingMs) {
        this.settings = settings;
        this.greetingMs = greetingMs;
    }

    /** One side of a connection. */
    SslHandler handler(boolean serving, ByteBufAllocator allocator) throws IOException {
        refresh();
        SslContext context = serving ? server : client;
        if (context == null) {
            throw new IOException(failure);
        }
        SslHandler handler = context.newHandler(allocator);
        handler.setHandshakeTimeoutMillis(greetingMs);
        handler.setCloseNotifyFlushTimeoutMillis(GOODBYE_MS);
        return handler;
    }

    private void refresh() {
        List<Object> now = KeyFiles.version(settings.certificate(), settings.key(), settings.authorities());
        if (now.equals(version)) {
            return;
        }
        version = now;
        try {
            load();
        } catch (IOException | RuntimeException e) {
            failure = "this host cannot identify itself: " + e.getMessage();
            LOG.error("migration: {}{}", e.getMessage(), server == null ? "" : "; what was read before is used");
        }
    }

    private void load() throws IOException {
        X509Certificate[] chain = KeyFiles.certificates(settings.certificate());
        PrivateKey key = KeyFiles.key(settings.key(), chain[0]);
        X509Certificate[] authorities = KeyFiles.certificates(settings.authorities());
        SslContext newServer = SslContextBuilder.forServer(key, chain).sslProvider(SslProvider.JDK).protocols(TLS)
            .trustManager(authorities).clientAuth(ClientAuth.REQUIRE).build();
        // The name is looked for by PeerConnection: by the rules of HTTPS a wildcard or a common name would do.
        client = SslContextBuilder.forClient().keyManager(key, chain).sslProvider(SslProvider.JDK).protocols(TLS)
            .trustManager(authorities).endpointIdentificationAlgorithm(null).build();
        LOG.info("migration: {} certificate {}, valid until {}", server == null ? "read" : "read again the",
            settings.certificate(), chain[0].getNotAfter());
        server = newServer;
        warn(chain[0]);
    }

    private void warn(X509Certificate own) {
        try {
            own.checkValidity();
            if (!names(own).contains(settings.host().toLowerCase(Locale.ROOT))) {
                LOG.warn("migration: {} is for {}, not for this host's name {}: peers will not accept it",
                    settings.certificate(), names(own), settings.host());
            }
        } catch (CertificateException e) {
            LOG.warn("migration: {}: {}: peers will not accept it", settings.certificate(), e.getMessage());
        }
    }

    /** Host names that the other side has proven to be its own, in lower case. */
    static Set<String> names(SSLSession session) throws IOException {
        try {
            return names((X509Certificate) session.getPeerCertificates()[0]);
        } catch (SSLPeerUnverifiedException | CertificateParsingException e) {
            throw new IOException("its certificate names nobody: " + e.getMessage(), e);
        }
    }

    private static Set<String> names(X509Certificate certificate) throws CertificateParsingException {
        Set<String> names = new TreeSet<>();
        Collection<List<?>> alternatives = certificate.getSubjectAlternativeNames();
        if (alternatives != null) {
            alternatives.stream().filter(name -> DNS_NAME.equals(name.get(0)))
                .forEach(name -> names.add(name.get(1).toString().toLowerCase(Locale.ROOT)));
        }
        return names;
    }
}
