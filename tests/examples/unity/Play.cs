// Plays AvatarStream.cs as Unity would, without Unity: messages in, figures of the component out.
//
//     mono Play.exe WIDTH HEIGHT FILE.msg ...     the messages come at once, then one Update
//
// It plays twice, since it is the second Play that freezes an editor in which something stayed open.

using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Threading;
using HeadsetAvatar;
using NetMQ;
using NetMQ.Sockets;
using UnityEngine;

static class Play
{
    static void Main(string[] words)
    {
        Texture2D.JpegWidth = int.Parse(words[0]);
        Texture2D.JpegHeight = int.Parse(words[1]);
        var messages = words.Skip(2).Select(path => Split(File.ReadAllBytes(path))).ToList();
        for (int play = 1; play <= 2; play++) PlayOnce(play, messages);
    }

    static void PlayOnce(int play, List<List<byte[]>> messages)
    {
        var avatar = new AvatarStream { target = new Renderer() };
        Call(avatar, "OnEnable");
        foreach (List<byte[]> parts in messages) SubscriberSocket.Inbox.Add(parts);
        int idle = SubscriberSocket.Idle;
        while (SubscriberSocket.Idle == idle) Thread.Sleep(5);
        Time.unscaledTime += 2;
        Call(avatar, "Update");
        Texture2D texture = avatar.target.material.mainTexture;
        Console.WriteLine($"play={play}");
        Console.WriteLine($"connected={SubscriberSocket.Address} {SubscriberSocket.Topic}");
        Console.WriteLine($"received={avatar.Received}");
        Console.WriteLine($"lost={avatar.Lost}");
        Console.WriteLine($"refused={avatar.Refused}");
        Console.WriteLine($"undecodable={avatar.Undecodable}");
        Console.WriteLine($"restarts={avatar.Restarts}");
        Console.WriteLine($"source_lost={avatar.SourceLost}");
        Console.WriteLine($"seq={avatar.Shown?.Seq}");
        Console.WriteLine($"texture={texture.width}x{texture.height}");
        Console.WriteLine($"uploads={texture.Uploads}");
        if (texture.Given != null)
            Console.WriteLine($"crc32={AvatarHeader.Crc32(new ArraySegment<byte>(texture.Given))}");
        Call(avatar, "OnDisable");
        Call(avatar, "OnDestroy");
        Console.WriteLine($"cleanups={NetMQConfig.Cleanups}");
        Console.WriteLine($"open={SubscriberSocket.Open + Texture2D.Alive}");
        Console.WriteLine($"error={Debug.Logged?.Message}\n");
    }

    static void Call(AvatarStream avatar, string message)
    {
        const BindingFlags hidden = BindingFlags.Instance | BindingFlags.NonPublic;
        typeof(AvatarStream).GetMethod(message, hidden).Invoke(avatar, null);
    }

    static List<byte[]> Split(byte[] data)
    {
        var parts = new List<byte[]>();
        for (int at = 0; at < data.Length; at += 4 + parts.Last().Length)
            parts.Add(data.Skip(at + 4).Take(BitConverter.ToInt32(data, at)).ToArray());
        return parts;
    }
}
