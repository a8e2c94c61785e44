package kitemq.conformance;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

/** Asks the runner, over stdout and stdin, to do something to the broker's process. */
final class Control {
    private final BufferedReader answers = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));

    /** kill -9. */
    void killBroker() throws IOException {
        ask("kill-broker");
    }

    /** A clean stop. */
    void stopBroker() throws IOException {
        ask("stop-broker");
    }

    /** Starts it again on the same data, with settings on top of the run's (`key=value`). */
    void startBroker(String... settings) throws IOException {
        ask(settings.length == 0 ? "start-broker" : "start-broker " + String.join(" ", settings));
    }

    private synchronized void ask(String what) throws IOException {
        System.out.println("@" + what);
        System.out.flush();
        String answer = answers.readLine();
        if (!"done".equals(answer)) {
            throw new IOException("the runner could not do '" + what + "': " + answer);
        }
    }
}
