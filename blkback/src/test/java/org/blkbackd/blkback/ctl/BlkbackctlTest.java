// SPDX-License-Identifier: Apache-2.0

package org.blkbackd.blkback.ctl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.blkbackd.blkback.control.ControlCodec;
import org.blkbackd.blkback.control.ControlRequest;
import org.blkbackd.blkback.control.DeviceView;
import org.blkbackd.blkback.control.ParkCounts;
import org.blkbackd.blkback.control.PeerView;
import org.blkbackd.blkback.control.TestDevices;
import org.blkbackd.blkback.control.server.ControlServer;
import org.blkbackd.blkback.control.server.ServerLoop;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.AutoComplete;
import picocli.CommandLine;

@Timeout(60)
class BlkbackctlTest {

    @TempDir
    private Path dir;
    private Path socket;
    private final ServerLoop loop = new ServerLoop();
    private final TestDevices devices = new TestDevices().with(TestDevices.view(3, 51712), 10)
        .with(new DeviceView("qdisk-12-51728", 12, "web", 51728, "xvdb", "qdisk", "/srv/\u001b[2Jb.img", null, "r",
            0, 0, "init-wait", "initialising", 0, 0, 0, 2, "no\nsuch file", new ParkCounts(true, 2, 1),
            "iops=500"), 20);
    private ControlServer server;
    private StringWriter out = new StringWriter();
    private StringWriter err = new StringWriter();

    @BeforeEach
    void start() throws IOException {
        socket = dir.resolve("control.sock");
        server = ControlServer.start(socket, devices, devices, loop.group());
    }

    @AfterEach
    void stop() {
        server.close();
        loop.close();
    }

    @Test
    void listsDisksInColumns() {
        assertEquals(0, run("list"));
        assertEquals(List.of(
            "DEVICE          GUEST  VDEV  SIZE  MODE  ENGINE  STATE          TARGET",
            "vbd-3-51712     3      xvda    1M  w     direct  connected      direct:/srv/vbd-3-51712.img",
            "qdisk-12-51728  web    xvdb     -  r     -       parked held=2  /srv/\\u001b[2Jb.img"),
            out.toString().lines().toList());
    }

    @Test
    void showsOneDiskAndNothingOfAGuestsReachesTheTerminal() {
        assertEquals(0, run("show", "web/xvdb"));
        String text = out.toString();
        assertTrue(text.contains("\ndevice            qdisk-12-51728\n".substring(1)), text);
        assertTrue(text.contains("limits            iops=500\n"), text);
        assertTrue(text.contains("held              2 (see the last error; blkbackctl retry qdisk-12-51728)\n"), text);
        assertTrue(text.contains("parked            now, while its guest is suspended; 2 in all, went on after 1\n"),
            text);
        assertTrue(text.contains("last error        no\\nsuch file\n"), text);
        assertTrue(text.contains("state             backend init-wait, frontend initialising\n"), text);
        assertFalse(text.contains("\u001b"), text);
    }

    @Test
    void statsAreOfOneSecond() {
        assertEquals(0, run("stats", "3/xvda"));
        List<String> lines = out.toString().lines().toList();
        assertEquals(2, lines.size());
        assertTrue(lines.get(0).startsWith("DEVICE       VDEV  R/S  W/S"), lines.get(0));
        assertTrue(lines.get(1).startsWith("vbd-3-51712  xvda    0    0"), lines.get(1));
    }

    @Test
    void watchingPrintsPlainTablesWhereThereIsNoTerminal() {
        assertEquals(0, run("stats", "--watch", "1", "--count", "2"));
        assertEquals(10, out.toString().lines().count(), out.toString());
        assertTrue(out.toString().endsWith("\n1 worker: no requests, 0 kernel entries\n"), out.toString());
        assertFalse(out.toString().contains("\u001b"));
    }

    @Test
    void jsonIsTheDaemonsAnswer() throws Exception {
        for (String[] args : new String[][] {{"list", "--json"}, {"--json", "show", "3/xvda"}, {"stats", "--json"},
            {"resize", "3/xvda", "--json"}, {"limit", "3/xvda", "--json"}, {"retry", "3/xvda", "--json"},
            {"log-level", "--json"}, {"version", "--json"}, {"peers", "--json"},
            {"migrate-check", "--json", "3/xvda", "hostb"}}) {
            out = new StringWriter();
            assertEquals(0, run(args), err.toString());
            assertEquals(1, out.toString().lines().count(), out.toString());
            assertEquals(1, ControlCodec.reply(out.toString()).version());
        }
    }

    @Test
    void resizesToASizeOrToTheImage() {
        assertEquals(0, run("resize", "3/xvda", "10G"));
        assertEquals(0, run("resize", "vbd-3-51712"));
        assertEquals("3/xvda has 10737418240 bytes (10G)\nvbd-3-51712 has 1048576 bytes (1M)\n", out.toString());
    }

    @Test
    void listsPeersAndTakesTheOperatorsWordForThem() {
        assertEquals(0, run("peers"));
        assertEquals("this host has no peers\n", out.toString());
        out = new StringWriter();
        devices.with(new PeerView("hostb", "192.0.2.2:7878", List.of("wwid:*", "name:web-*"), "connected", 3L,
            "1.2.3", null));
        devices.with(new PeerView("hostc", "hostc:7878", List.of("*"), "silent", null, null, "Connection refused"));
        assertEquals(0, run("peers"));
        assertEquals(List.of(
            "PEER   ADDRESS         STATE        HEARD  VERSION  IMAGES             PROBLEM",
            "hostb  192.0.2.2:7878  connected  3 s ago  1.2.3    wwid:* name:web-*  -",
            "hostc  hostc:7878      silent           -  -        *                  Connection refused"),
            out.toString().lines().toList());
        out = new StringWriter();
        assertEquals(0, run("peers", "--fenced", "hostc"));
        assertTrue(out.toString().contains("hostc  hostc:7878      fenced"), out.toString());
        assertEquals(0, run("peers", "--unfenced", "hostc"));
        assertTrue(out.toString().contains("hostc  hostc:7878      unheard"), out.toString());
        assertEquals(1, run("peers", "--fenced", "hostd"));
        assertEquals("blkbackctl: there is no peer hostd\n", err.toString());
    }

    @Test
    void saysWhatIsInTheWayOfAMigration() {
        assertEquals(0, run("migrate-check", "3/xvda", "hostb"));
        assertEquals("nothing is in the way\n", out.toString());
        out = new StringWriter();
        assertEquals(1, run("migrate-check", "3/xvda", "hostc"));
        assertEquals("vbd-3-51712 is not shared with hostc\n", out.toString());
    }

    @Test
    void triesAgainWhatIsHeld() {
        assertEquals(0, run("retry", "3/xvda"));
        devices.with(TestDevices.holding(TestDevices.view(5, 51712), 1), 0);
        assertEquals(0, run("retry", "vbd-5-51712"));
        assertEquals(1, run("retry", "--all"), "one of them cannot");
        assertEquals("blkbackctl: qdisk-12-51728 is not connected\n", err.toString());
        assertEquals("nothing is held\n1 request is tried again\n", out.toString());
    }

    @Test
    void tellsAndSetsTheLogLevel() {
        assertEquals(0, run("log-level"));
        assertEquals(0, run("log-level", "debug"));
        assertEquals("info\ndebug\n", out.toString());
        assertEquals("debug", devices.logLevel());
    }

    @Test
    void tellsBothVersions() {
        assertEquals(0, run("version"));
        assertEquals("blkbackctl (not from a jar)\nblkbackd   1.2.3-test\n", out.toString());
    }

    @Test
    void whatTheDaemonRefusesIsOneLineAndOne() {
        assertEquals(1, run("show", "3/xvdz"));
        assertEquals("blkbackctl: there is no device 3/xvdz; did you mean 3/xvda?\n", err.toString());
    }

    @Test
    void aDaemonThatIsNotRunningIsOneLineAndOne() throws IOException {
        server.close();
        assertEquals(1, run("list"));
        assertEquals("blkbackctl: the daemon does not answer; is it running? (" + socket
            + ": No such file or directory; see: systemctl status blkbackd)\n", err.toString());
        err = new StringWriter();
        try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            dead.bind(UnixDomainSocketAddress.of(socket));
        }
        assertEquals(1, run("list"));
        assertTrue(err.toString().contains("Connection refused"), err.toString());
        Files.delete(socket);
    }

    @Test
    void aDaemonThatHangsIsNotWaitedForForEver() throws Exception {
        Path hung = dir.resolve("hung");
        try (ServerSocketChannel silent = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            silent.bind(UnixDomainSocketAddress.of(hung));
            IOException failure = assertThrows(IOException.class,
                () -> new ControlClient(hung, 200).ask(ControlRequest.of("list")));
            assertEquals("the daemon does not answer (" + hung + ": no answer after 200 ms)", failure.getMessage());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "dance", "show", "list all", "resize 3/xvda 10X",
        "resize 3/xvda -1", "stats --watch=-1", "retry", "retry --all 3/xvda", "retry 3/xvda 3/xvdb",
        "resize 3/xvda 99999999999T", "log-level a b", "peers hostb",
        "peers --fenced", "peers --fenced a --unfenced b", "migrate-check 3/xvda"})
    void calledWronglyIsTwo(String line) {
        assertEquals(2, run(line.isEmpty() ? new String[0] : line.split(" ")));
        assertTrue(err.toString().startsWith("blkbackctl: "), err.toString());
        assertEquals("", out.toString());
    }

    @Test
    void theCompletionThatIsShippedIsCurrent() throws IOException {
        String current = AutoComplete.bash("blkbackctl", Blkbackctl.commandLine());
        Path shipped = Path.of("../packaging/src/dist/share/bash-completion/completions/blkbackctl");
        if (Boolean.getBoolean("blkbackd.write-completion")) {
            Files.createDirectories(shipped.getParent());
            Files.writeString(shipped, current);
        }
        assertEquals(current, Files.readString(shipped), "run this test with -Dblkbackd.write-completion=true");
    }

    private int run(String... args) {
        CommandLine command = Blkbackctl.commandLine();
        command.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
        String[] all = new String[args.length + 2];
        all[0] = "--socket";
        all[1] = socket.toString();
        System.arraycopy(args, 0, all, 2, args.length);
        return command.execute(all);
    }
}
