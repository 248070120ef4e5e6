// SPDX-License-Identifier: Apache-2.0

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedStackTrace;
import jdk.jfr.consumer.RecordingFile;

/**
 * Where the threads of a Java process are, by its own flight recorder. It sees Java methods only: a native one stands
 * for all that happens below it, a sleep included. So what runs in Java and what is in native code are counted apart.
 */
final class FlightRecorder {

    private final long pid;
    private final Path file;

    FlightRecorder(long pid, Path file) {
        this.pid = pid;
        this.file = file;
    }

    void run(Runnable load, double cpuUs, int most) throws IOException, InterruptedException {
        jcmd("JFR.start", "name=load", "settings=profile");
        load.run();
        jcmd("JFR.stop", "name=load", "filename=" + file);
        if (!Files.exists(file)) {
            System.out.println("   the flight recorder recorded nothing");
            return;
        }
        System.out.printf(Locale.ROOT, "   no perf; the flight recorder's samples (CPU time for one block: %.2f us)%n",
            cpuUs);
        List<RecordedEvent> events = RecordingFile.readAllEvents(file);
        print("in Java", "jdk.ExecutionSample", events, most);
        print("in native code, asleep or not", "jdk.NativeMethodSample", events, most);
    }

    private static void print(String title, String type, List<RecordedEvent> events, int most) {
        Map<String, Integer> counts = new HashMap<>();
        int sum = 0;
        for (RecordedEvent event : events) {
            RecordedStackTrace stack = event.getStackTrace();
            if (event.getEventType().getName().equals(type) && stack != null && !stack.getFrames().isEmpty()) {
                var method = stack.getFrames().get(0).getMethod();
                counts.merge(method.getType().getName() + "." + method.getName(), 1, Integer::sum);
                sum++;
            }
        }
        System.out.println("   " + title + ", " + sum + " samples:");
        int all = Math.max(1, sum);
        counts.entrySet().stream().sorted(Map.Entry.<String, Integer>comparingByValue().reversed()).limit(most)
            .forEach(entry -> System.out.printf(Locale.ROOT, "   %9.1f %%  %s%n", 100.0 * entry.getValue() / all,
                entry.getKey()));
    }

    private void jcmd(String... words) throws IOException, InterruptedException {
        var command = new ArrayList<>(List.of(
            Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(), Long.toString(pid)));
        command.addAll(List.of(words));
        new ProcessBuilder(command).redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor();
    }
}
