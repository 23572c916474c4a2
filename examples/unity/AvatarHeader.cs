// Reads messages of the avatar stream, wire version 1: bytes in, header and payload out. No I/O, and
// neither Unity nor NetMQ is needed. What the bytes mean is in docs/protocol.md.

using System;
using System.Collections.Generic;
using System.Text;

namespace HeadsetAvatar
{
    public enum Codec : byte { Raw = 0, Jpeg = 1 }

    [Flags]
    public enum AvatarFlags : byte { None = 0, Key = 1, SourceLost = 2 }

    /// <summary>A message that was found whole.</summary>
    public sealed class AvatarPacket
    {
        public string Topic;
        public Codec Codec;
        /// <summary>Bits that are not known are ignored.</summary>
        public AvatarFlags Flags;
        public uint StreamId, Seq;
        /// <summary>Microseconds since 1970, by the publisher's clock.</summary>
        public ulong CaptureUs, PublishUs;
        /// <summary>Microseconds since the start of the source.</summary>
        public ulong PtsUs;
        public ushort Width, Height, View, FpsX100;
        public uint PayloadBytes, Crc32, InferUs;
        /// <summary>Raw: Width * Height * 3 bytes of RGB, the top row first; or a JPEG file.</summary>
        public ArraySegment<byte> Payload;
    }

    public static class AvatarHeader
    {
        public const int HeaderBytes = 64;
        public const int MaxPayloadBytes = 64 << 20;
        public const int MaxPixels = 4096 * 4096;

        const string Prefix = "avatar/";
        const int LongestTopic = 71; // the prefix and 64 letters
        static readonly uint[] CrcTable = MakeCrcTable();

        /// <summary>
        /// Reads a message of three parts, or of one. False: it was refused, and `reason` is a short
        /// key for counting. Throws nothing, whatever the bytes.
        /// </summary>
        public static bool TryParse(
            IReadOnlyList<byte[]> parts, out AvatarPacket packet, out string reason)
        {
            packet = new AvatarPacket();
            if (parts.Count == 3) reason = ParseThree(parts, packet);
            else if (parts.Count == 1) reason = ParseOne(parts[0], packet);
            else reason = "bad_parts";
            if (reason != null) packet = null;
            return reason == null;
        }

        /// <summary>How many messages of one stream id are missing between two in this order.</summary>
        public static uint SeqGap(uint last, uint now) => unchecked(now - last - 1);

        /// <summary>As zlib's crc32.</summary>
        public static uint Crc32(ArraySegment<byte> bytes)
        {
            uint crc = 0xffffffff;
            for (int i = bytes.Offset; i < bytes.Offset + bytes.Count; i++)
                crc = CrcTable[(crc ^ bytes.Array[i]) & 255] ^ crc >> 8;
            return ~crc;
        }

        static string ParseThree(IReadOnlyList<byte[]> parts, AvatarPacket packet)
        {
            string reason = ReadHeader(parts[1], 0, packet, out int length);
            if (reason == null && parts[1].Length > length) reason = "long_header";
            if (reason == null) reason = ReadTopic(parts[0], parts[0].Length, packet);
            if (reason != null) return reason;
            packet.Payload = new ArraySegment<byte>(parts[2]);
            return CheckPayload(packet);
        }

        static string ParseOne(byte[] part, AvatarPacket packet)
        {
            int start = 0;
            while (start <= LongestTopic && !IsMagic(part, start)) start++;
            if (start > LongestTopic) return "bad_magic";
            string reason = ReadHeader(part, start, packet, out int length);
            if (reason == null) reason = ReadTopic(part, start, packet);
            if (reason != null) return reason;
            int payload = start + length;
            packet.Payload = new ArraySegment<byte>(part, payload, part.Length - payload);
            return CheckPayload(packet);
        }

        static string ReadHeader(byte[] data, int at, AvatarPacket packet, out int length)
        {
            length = 0;
            if (data.Length - at < HeaderBytes) return "short_header";
            if (!IsMagic(data, at)) return "bad_magic";
            if (data[at + 4] != 1) return "bad_version";
            length = data[at + 5] * 4;
            if (length < HeaderBytes) return "bad_header";
            if (data.Length - at < length) return "short_header";
            packet.Codec = (Codec)data[at + 6];
            packet.Flags = (AvatarFlags)data[at + 7];
            packet.StreamId = U32(data, at + 8);
            packet.Seq = U32(data, at + 12);
            packet.CaptureUs = U64(data, at + 16);
            packet.PublishUs = U64(data, at + 24);
            packet.PtsUs = U64(data, at + 32);
            packet.Width = U16(data, at + 40);
            packet.Height = U16(data, at + 42);
            packet.View = U16(data, at + 44);
            packet.FpsX100 = U16(data, at + 46);
            packet.PayloadBytes = U32(data, at + 48);
            packet.Crc32 = U32(data, at + 52);
            packet.InferUs = U32(data, at + 56);
            return packet.Codec > Codec.Jpeg ? "bad_codec" : null;
        }

        static string ReadTopic(byte[] data, int size, AvatarPacket packet)
        {
            if (size > LongestTopic) return "bad_topic";
            string topic = Encoding.ASCII.GetString(data, 0, size);
            if (!topic.StartsWith(Prefix, StringComparison.Ordinal)) return "bad_topic";
            string name = topic.Substring(Prefix.Length);
            if (name.Length == 0 || name.Contains("AVF1")) return "bad_topic";
            foreach (char c in name)
            {
                bool letter = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9';
                if (!letter && c != '.' && c != '_' && c != '-') return "bad_topic";
            }
            packet.Topic = topic;
            return null;
        }

        static string CheckPayload(AvatarPacket packet)
        {
            long pixels = (long)packet.Width * packet.Height;
            int size = packet.Payload.Count;
            if (pixels == 0) return "bad_size";
            if (packet.PayloadBytes > MaxPayloadBytes) return "too_large";
            if (size < packet.PayloadBytes) return "short_payload";
            if (size > packet.PayloadBytes) return "long_payload";
            if (Crc32(packet.Payload) != packet.Crc32) return "bad_crc";
            if (pixels > MaxPixels) return "too_large";
            if (packet.Codec == Codec.Raw && size != pixels * 3) return "bad_payload";
            return null;
        }

        static bool IsMagic(byte[] data, int at) =>
            at + 4 <= data.Length && U32(data, at) == 0x31465641; // "AVF1"

        static ushort U16(byte[] data, int at) => (ushort)(data[at] | data[at + 1] << 8);

        static uint U32(byte[] data, int at) => U16(data, at) | (uint)U16(data, at + 2) << 16;

        static ulong U64(byte[] data, int at) => U32(data, at) | (ulong)U32(data, at + 4) << 32;

        static uint[] MakeCrcTable()
        {
            var table = new uint[256];
            for (uint i = 0; i < 256; i++)
            {
                uint crc = i;
                for (int bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
                table[i] = crc;
            }
            return table;
        }
    }
}
