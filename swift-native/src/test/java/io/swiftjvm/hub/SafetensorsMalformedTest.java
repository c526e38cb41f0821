package io.swiftjvm.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.swiftjvm.error.ModelFormatException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafetensorsMalformedTest {
  @TempDir Path folder;

  // header with ' for " and ~ for dtype and shape of one byte, data bytes, a part of the message; '#' separates
  @ParameterizedTest
  @CsvSource(delimiter = '#', quoteCharacter = '`', textBlock = """
      [] # 0 # not a JSON object
      `` # 0 # not a JSON object
      {} # 4 # tensors end at 0 but the file has 4
      {} {} # 0 # something follows
      {'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]} # 4 # not strict JSON
      {'a':{~'data_offsets':[0,1]},'a':{~'data_offsets':[1,2]}} # 2 # Duplicate
      {'a':{'dtype':'F32','dtype':'F32','shape':[1],'data_offsets':[0,4]}} # 4 # Duplicate
      {'a':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}} # 8 # leaves a hole
      {'a':{~'data_offsets':[0,1]},'b':{~'data_offsets':[2,3]}} # 3 # hole
      {'a':{'dtype':'I8','shape':[2],'data_offsets':[0,2]},'b':{~'data_offsets':[1,2]}} # 2 # overlaps
      {'a':{~'data_offsets':[0,1]},'b':{~'data_offsets':[0,1]}} # 1 # overlaps
      {'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}} # 3 # after the 3 data bytes
      {'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}} # 5 # tensors end at 4
      {'a':{'dtype':'F32','shape':[2],'data_offsets':[0,4]}} # 4 # needs 8 bytes
      {'a':{'dtype':'F32','shape':[1],'data_offsets':[4,0]}} # 4 # ends before it begins
      {'a':{'dtype':'F32','shape':[1],'data_offsets':[-4,0]}} # 4 # outside 0
      {'a':{'dtype':'F32','shape':[-1],'data_offsets':[0,4]}} # 4 # outside 0
      {'a':{'dtype':'F32','shape':[4294967296,4294967296,4],'data_offsets':[0,0]}} # 0 # overflows
      {'a':{'dtype':'F32','shape':[4611686018427387904],'data_offsets':[0,0]}} # 0 # overflows
      {'a':{'dtype':'F32','shape':[99999999999999999999],'data_offsets':[0,0]}} # 0 # outside 0
      {'a':{'dtype':'F32','shape':[1.0],'data_offsets':[0,4]}} # 4 # not a whole number
      {'a':{'dtype':'F32','shape':[1,1,1,1,1,1,1,1,1],'data_offsets':[0,4]}} # 4 # more than 8
      {'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4,8]}} # 4 # more than 2
      {'a':{'dtype':'F32','shape':[1],'data_offsets':[0]}} # 4 # two data_offsets
      {'a':{'dtype':'F32','shape':[1]}} # 4 # needs dtype, shape
      {'a':{'dtype':'F32','data_offsets':[0,4]}} # 4 # needs dtype, shape
      {'a':{'dtype':'F32','shape':{},'data_offsets':[0,4]}} # 4 # shape is not an array
      {'a':{'dtype':'U16','shape':[1],'data_offsets':[0,2]}} # 2 # dtype 'U16'
      {'a':{'dtype':'U64','shape':[1],'data_offsets':[0,8]}} # 8 # dtype 'U64'
      {'a':{'dtype':'f32','shape':[1],'data_offsets':[0,4]}} # 4 # dtype 'f32'
      {'a':{'dtype':7,'shape':[1],'data_offsets':[0,4]}} # 4 # not a string
      {'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4],'x':1}} # 4 # unknown key 'x'
      {'a':[1]} # 0 # is not an object
      {'__metadata__':{'n':1}} # 0 # __metadata__.n is not a string
      {'__metadata__':'pt'} # 0 # __metadata__ is not an object
      {'\\ud800':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}} # 4 # surrogate
      """)
  void a_bad_header_is_refused_with_file_and_cause(String header, int dataBytes, String cause) throws IOException {
    String json = header == null ? "" : header.replace("~", "'dtype':'I8','shape':[1],").replace('\'', '"');
    assertRefused(RawSafetensors.write(folder.resolve("bad.safetensors"), json, dataBytes), cause);
  }

  @Test
  void deep_nesting_is_refused_and_not_followed() throws IOException {
    String deep = "{\"a\":" + "[".repeat(100_000);
    assertRefused(RawSafetensors.write(folder.resolve("bad.safetensors"), deep, 0), "not an object");
    deep = "{\"a\":{\"shape\":" + "[".repeat(100_000);
    assertRefused(RawSafetensors.write(folder.resolve("bad.safetensors"), deep, 0), "not a whole number");
  }

  @Test
  void a_header_that_is_not_utf8_is_refused() throws IOException {
    byte[] header = "{\"caf\u00e9\":1}".getBytes(StandardCharsets.ISO_8859_1);
    assertRefused(RawSafetensors.write(folder.resolve("bad.safetensors"), header.length, header, 0), "UTF-8");
  }

  @ParameterizedTest
  @CsvSource({"3, does not fit", "100000000, does not fit", "100000001, over the limit", "-1, over the limit",
      "9223372036854775807, over the limit"})
  void a_header_length_beyond_file_or_limit_is_refused(long length, String cause) throws IOException {
    assertRefused(RawSafetensors.write(folder.resolve("bad.safetensors"), length, new byte[] {'{', '}'}, 0), cause);
  }

  @Test
  void what_is_no_file_of_eight_bytes_is_refused() throws IOException {
    assertRefused(Files.write(folder.resolve("bad.safetensors"), new byte[7]), "7 bytes");
    assertRefused(folder.resolve("bad-none.safetensors"), "no such file");
    assertRefused(Files.createDirectory(folder.resolve("bad-folder.safetensors")), "not a regular file");
    assertRefused(Files.writeString(folder.resolve("bad-page.safetensors"), "<!DOCTYPE html><html>"), "over the limit");
  }

  @Test
  void an_unaligned_header_is_read() throws IOException {
    String header = "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}   ";
    Path file = RawSafetensors.write(folder.resolve("odd.safetensors"), header.strip() + " ", 8);
    assertThat((header.strip().length() + 1) % 4).isNotZero();
    try (SafetensorsFile odd = SafetensorsFile.open(file)) {
      assertThat(odd.entry("a").floats()).containsExactly(0f, 0f);
      assertThat(odd.metadata()).isEmpty();
    }
  }

  private static void assertRefused(Path file, String cause) {
    assertThatThrownBy(() -> SafetensorsFile.open(file))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining(cause);
  }
}
