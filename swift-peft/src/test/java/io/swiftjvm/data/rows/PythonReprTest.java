package io.swiftjvm.data.rows;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class PythonReprTest {
  @Test
  void data_is_written_as_python_writes_it() {
    List<Object> data = Arrays.asList(true, null, 1e-7, 1e22, "it's", "both ' and \"", "\u00e9\u200b\ud83c\udf89");
    assertThat(PythonRepr.of(data))
        .isEqualTo("[True, None, 1e-07, 1e+22, \"it's\", 'both \\' and \"', '\u00e9\\u200b\ud83c\udf89']");
    assertThat(PythonRepr.text("plain")).isEqualTo("plain");
    assertThat(PythonRepr.of(List.of(new BigInteger("12345678901234567890")))).isEqualTo("[12345678901234567890]");
  }

  @Test
  void a_literal_keeps_its_whole_numbers() {
    assertThat(PlainLiterals.parse("{'big': 12345678901234567890}", "row").toString())
        .isEqualTo("{big=12345678901234567890}");
  }
}
