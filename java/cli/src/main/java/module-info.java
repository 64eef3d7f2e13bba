// SPDX-License-Identifier: Apache-2.0
/** The gatun command. */
module io.gatun.cli {
    requires info.picocli;
    requires io.gatun.factory;
    requires java.desktop;
    requires java.logging;
    requires me.tongfei.progressbar;

    opens io.gatun.cli to info.picocli;
}
