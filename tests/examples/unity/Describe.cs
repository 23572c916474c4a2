// Prints what examples/unity/AvatarHeader.cs makes of messages, as tests/vectors/README.md says it.
//
//     mono Describe.exe FILE.msg ...

using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using HeadsetAvatar;

static class Describe
{
    static AvatarPacket last;

    static void Main(string[] paths)
    {
        for (int i = 0; i < paths.Length; i++)
        {
            if (i > 0) Console.Write("\n");
            Console.Write("name=" + Path.GetFileNameWithoutExtension(paths[i]) + "\n");
            Console.Write(string.Concat(Lines(Split(File.ReadAllBytes(paths[i]))).Select(l => l + "\n")));
        }
    }

    static List<byte[]> Split(byte[] data)
    {
        var parts = new List<byte[]>();
        for (int at = 0; at < data.Length; at += 4 + parts.Last().Length)
            parts.Add(data.Skip(at + 4).Take(BitConverter.ToInt32(data, at)).ToArray());
        return parts;
    }

    static IEnumerable<string> Lines(List<byte[]> parts)
    {
        if (!AvatarHeader.TryParse(parts, out AvatarPacket packet, out string reason))
            return new[] { "result=" + reason };
        var lines = new List<string> { "result=ok", "topic=" + packet.Topic };
        lines.Add($"codec={(int)packet.Codec}");
        lines.Add($"flags={(int)packet.Flags}");
        lines.Add($"stream_id={packet.StreamId}\nseq={packet.Seq}");
        lines.Add($"capture_us={packet.CaptureUs}\npublish_us={packet.PublishUs}");
        lines.Add($"pts_us={packet.PtsUs}\nwidth={packet.Width}\nheight={packet.Height}");
        lines.Add($"view={packet.View}\nfps_x100={packet.FpsX100}");
        lines.Add($"payload_bytes={packet.PayloadBytes}");
        lines.Add($"crc32={AvatarHeader.Crc32(packet.Payload)}\ninfer_us={packet.InferUs}");
        bool same = last != null && last.StreamId == packet.StreamId;
        lines.Add($"lost={(same ? AvatarHeader.SeqGap(last.Seq, packet.Seq) : 0)}");
        lines.Add($"restart={(last != null && !same ? 1 : 0)}");
        if (packet.Codec == Codec.Raw) lines.Add("picture=" + Pixels(packet));
        last = packet;
        return lines;
    }

    static string Pixels(AvatarPacket packet)
    {
        var spots = from row in new[] { 1, 3 }
                    from column in new[] { 1, 3 }
                    select (row * packet.Height / 4 * packet.Width + column * packet.Width / 4) * 3;
        return string.Join(" ", spots.Select(at => string.Join(",", packet.Payload.Skip(at).Take(3))));
    }
}
